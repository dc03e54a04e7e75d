// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// Pays many payees in one transaction, and each batch of a caller once.
///
/// A mistake of the caller reverts the whole batch: then nothing was paid, and the batch can be sent again. A payee that
/// cannot be paid is skipped and reported; its coins go back to the caller in the same call, its tokens never move.
/// The contract has no owner and no upgrade, cannot be destroyed, and keeps neither coins nor tokens.
contract BatchPayer {
    /// What a payee's code may use, besides the 2,300 that come with coins: enough for the wallets that are contracts.
    uint256 private constant PAYEE_GAS = 30_000;
    /// What has to be left before a payee is called. A call gets at most 63/64 of what remains once it is paid for (36,600
    /// for a new account); with less than this a payee would get less than PAYEE_GAS, and fail for the caller's gas limit.
    uint256 private constant PAYEE_RESERVE = 100_000;
    /// The same for the transfer of a token to one payee, with the comparison of balances.
    uint256 private constant TOKEN_GAS = 200_000;
    uint256 private constant TOKEN_RESERVE = 300_000;

    /// The hash of the call that executed a batch of a caller; 0 if none did.
    mapping(address caller => mapping(bytes32 batch => bytes32 call)) public executed;

    bool private transient running;

    /// A payee of a batch that was not paid. Written in the order of the batch, ahead of its `Batch`.
    event NotPaid(address indexed caller, bytes32 indexed batch, address indexed to, uint256 index, uint256 amount);
    /// A batch was executed: every payee of its call was paid, but `notPaid` of them. `token` is 0 for coins, `paid` is the
    /// sum that was paid, `call` the hash of the call's data.
    event Batch(
        address indexed caller,
        bytes32 indexed batch,
        address indexed token,
        uint256 payees,
        uint256 notPaid,
        uint256 paid,
        bytes32 call
    );

    error Reentered();
    error AlreadyExecuted(bytes32 batch);
    error WrongLengths(uint256 payees, uint256 amounts);
    error WrongPayee(uint256 index);
    error WrongAmount(uint256 index);
    error ValueTooLow(uint256 index);
    error ValueTooHigh(uint256 rest);
    error GasTooLow(uint256 index);
    error CallerRefusesCoins(uint256 amount);

    error NoToken(address token);
    error BalanceTooLow(uint256 balance, uint256 sum);
    error AllowanceTooLow(uint256 allowance, uint256 sum);
    error CallerDebited(uint256 debited, uint256 paid);
    error OnlyForItself();
    error TokenFailed();

    /// Pays coins; the value of the call is the sum of the amounts.
    function pay(bytes32 batch, address[] calldata to, uint256[] calldata amounts) external payable {
        begin(batch, to.length, amounts.length);
        uint256 rest = msg.value;
        uint256 notPaid;
        uint256 back;
        for (uint256 i; i < to.length; ++i) {
            address payee;
            uint256 amount;
            bool wrong;
            // Rationale: what is done for each payee is most of what a batch costs beside the calls themselves. The lists
            // have the same length and lie within the call's data, so Solidity's own checks of each index are left out.
            assembly ("memory-safe") {
                payee := calldataload(add(to.offset, shl(5, i)))
                amount := calldataload(add(amounts.offset, shl(5, i)))
                wrong := or(or(iszero(payee), iszero(amount)), or(eq(payee, caller()), eq(payee, address())))
                wrong := or(or(wrong, shr(160, payee)), or(gt(amount, rest), lt(gas(), PAYEE_RESERVE)))
            }
            if (wrong) refuse(i, to[i], amount, rest);
            bool ok;
            assembly ("memory-safe") {
                rest := sub(rest, amount)
                // Not by Solidity's call, which copies what the payee returns, at the caller's expense.
                ok := call(PAYEE_GAS, payee, amount, 0, 0, 0, 0)
            }
            if (!ok) {
                ++notPaid;
                back += amount;
                emit NotPaid(msg.sender, batch, payee, i, amount);
            }
        }
        if (rest != 0) revert ValueTooHigh(rest);
        if (back != 0) giveBack(back);
        end(batch, address(0), to.length, notPaid, msg.value - back);
    }

    /// Pays a token from the caller's account, by the caller's allowance for this contract. A payee is paid if its balance
    /// grew by the amount at least; otherwise, as with tokens that take a fee, the transfer is undone and reported.
    function payToken(address token, bytes32 batch, address[] calldata to, uint256[] calldata amounts) external {
        begin(batch, to.length, amounts.length);
        if (token.code.length == 0) revert NoToken(token);
        uint256 before = checkFunds(token, sumOf(token, to, amounts));
        (uint256 notPaid, uint256 paid) = transferAll(token, batch, to, amounts);
        uint256 rest = balanceOf(token, msg.sender);
        if (rest < before && before - rest > paid) revert CallerDebited(before - rest, paid);
        end(batch, token, to.length, notPaid, paid);
    }

    /// A part of payToken that is undone as a whole. The contract calls it itself; all others are refused.
    function transferChecked(address token, address from, address to, uint256 amount) external {
        if (msg.sender != address(this)) revert OnlyForItself();
        uint256 before = balanceOf(token, to);
        if (!transferFrom(token, from, to, amount)) revert TokenFailed();
        uint256 grown = balanceOf(token, to);
        if (grown < before || grown - before < amount) revert TokenFailed();
    }

    function begin(bytes32 batch, uint256 payees, uint256 amounts) private {
        if (running) revert Reentered();
        running = true;
        if (payees == 0 || payees != amounts) revert WrongLengths(payees, amounts);
        if (executed[msg.sender][batch] != 0) revert AlreadyExecuted(batch);
        executed[msg.sender][batch] = keccak256(msg.data);
    }

    function end(bytes32 batch, address token, uint256 payees, uint256 notPaid, uint256 paid) private {
        running = false;
        emit Batch(msg.sender, batch, token, payees, notPaid, paid, executed[msg.sender][batch]);
    }

    function check(uint256 index, address payee, uint256 amount) private view {
        if (payee == address(0) || payee == msg.sender || payee == address(this)) revert WrongPayee(index);
        if (amount == 0) revert WrongAmount(index);
    }

    /// Reverts with what is wrong with a payment.
    function refuse(uint256 index, address payee, uint256 amount, uint256 rest) private view {
        check(index, payee, amount);
        if (amount > rest) revert ValueTooLow(index);
        revert GasTooLow(index);
    }

    function giveBack(uint256 amount) private {
        bool ok;
        assembly ("memory-safe") {
            ok := call(gas(), caller(), amount, 0, 0, 0, 0)
        }
        if (!ok) revert CallerRefusesCoins(amount);
    }

    function sumOf(address token, address[] calldata to, uint256[] calldata amounts) private view returns (uint256 sum) {
        for (uint256 i; i < to.length; ++i) {
            check(i, to[i], amounts[i]);
            if (to[i] == token) revert WrongPayee(i);
            sum += amounts[i];
        }
    }

    /// The caller's balance.
    function checkFunds(address token, uint256 sum) private view returns (uint256 balance) {
        balance = balanceOf(token, msg.sender);
        if (balance < sum) revert BalanceTooLow(balance, sum);
        // allowance(address,address)
        uint256 allowance = ask(token, abi.encodeWithSelector(0xdd62ed3e, msg.sender, address(this)));
        if (allowance < sum) revert AllowanceTooLow(allowance, sum);
    }

    function transferAll(address token, bytes32 batch, address[] calldata to, uint256[] calldata amounts)
        private
        returns (uint256 notPaid, uint256 paid)
    {
        for (uint256 i; i < to.length; ++i) {
            if (gasleft() < TOKEN_RESERVE) revert GasTooLow(i);
            try this.transferChecked{gas: TOKEN_GAS}(token, msg.sender, to[i], amounts[i]) {
                paid += amounts[i];
            } catch {
                ++notPaid;
                emit NotPaid(msg.sender, batch, to[i], i, amounts[i]);
            }
        }
    }

    /// Whether the token agreed: it returned true, or, as some tokens do, nothing.
    function transferFrom(address token, address from, address to, uint256 amount) private returns (bool ok) {
        // transferFrom(address,address,uint256)
        bytes memory data = abi.encodeWithSelector(0x23b872dd, from, to, amount);
        assembly ("memory-safe") {
            ok := call(gas(), token, 0, add(data, 32), mload(data), 0, 32)
            let said := and(gt(returndatasize(), 31), eq(mload(0), 1))
            ok := and(ok, or(iszero(returndatasize()), said))
        }
    }

    function balanceOf(address token, address account) private view returns (uint256) {
        // balanceOf(address)
        return ask(token, abi.encodeWithSelector(0x70a08231, account));
    }

    function ask(address token, bytes memory data) private view returns (uint256 answer) {
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gas(), token, add(data, 32), mload(data), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            answer := mload(0)
        }
        if (!ok) revert TokenFailed();
    }
}
