// libsecp256k1 within this library: its context, and the address of a point.
#pragma once

#include <secp256k1.h>

#include "ethereum/address.hpp"

namespace stipend::ethereum {

// Made once, blinded by random bytes, shared by all threads: it is used by const functions only.
[[nodiscard]] const secp256k1_context* curve();

// The last 20 bytes of the hash of the point. Zero has a probability of 2^-160, and is an assertion.
[[nodiscard]] Address address_of(const secp256k1_pubkey& point);

}  // namespace stipend::ethereum
