// Keccak-256 for the host: the hashes of evidence and of the audit chain.
#pragma once

#include "ethereum/keccak.hpp"
