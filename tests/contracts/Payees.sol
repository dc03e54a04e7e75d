// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

// Accounts that are contracts, for tests of payments: each treats coins in its own way.

contract Accepts {
    event Got(address from, uint256 amount);

    receive() external payable {
        emit Got(msg.sender, msg.value);
    }
}

contract Rejects {
    receive() external payable {
        revert("no, thank you");
    }
}

contract BurnsGas {
    receive() external payable {
        assembly {
            invalid()
        }
    }
}

/// Accepts coins for little gas, or, once it has been turned, burns all that it is given.
contract Turns {
    bool private burns;

    function turn() external {
        burns = true;
    }

    receive() external payable {
        if (!burns) return;
        assembly {
            invalid()
        }
    }
}

/// Answers with so many bytes, and accepts the coins or not.
contract ReturnsMuch {
    uint256 private immutable size;
    bool private immutable accepts;

    constructor(uint256 size_, bool accepts_) {
        size = size_;
        accepts = accepts_;
    }

    receive() external payable {
        uint256 length = size;
        if (accepts) {
            assembly {
                return(0, length)
            }
        }
        assembly {
            revert(0, length)
        }
    }
}

/// Needs a little less gas than a payee is given.
contract Frugal {
    uint256 private immutable needs;

    constructor(uint256 needs_) {
        needs = needs_;
    }

    receive() external payable {
        uint256 end = gasleft() - needs;
        while (gasleft() > end) {}
    }
}

interface IBatchPayer {
    function pay(bytes32 batch, address[] calldata to, uint256[] calldata amounts) external payable;
    function payToken(address token, bytes32 batch, address[] calldata to, uint256[] calldata amounts) external;
    function transferChecked(address token, address from, address to, uint256 amount) external;
}

/// Pays by a batch of its own, and calls the payer again out of the call by which it is given coins or tokens.
contract Reenters {
    IBatchPayer private immutable payer;
    bytes32 private immutable again;
    bool private immutable rejects;

    event Answered(bool ok, bytes data);

    constructor(IBatchPayer payer_, bytes32 again_, bool rejects_) payable {
        payer = payer_;
        again = again_;
        rejects = rejects_;
    }

    receive() external payable {
        enter();
    }

    function tokensReceived() external {
        enter();
    }

    function start(bytes32 batch, address[] calldata to, uint256[] calldata amounts) external payable {
        payer.pay{value: msg.value}(batch, to, amounts);
    }

    function enter() private {
        address[] memory to = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (to[0], amounts[0]) = (address(0xbeef), 1);
        (bool ok, bytes memory data) = address(payer).call{value: 1}(abi.encodeCall(payer.pay, (again, to, amounts)));
        if (rejects && !ok) revert("not entered");
        emit Answered(ok, data);
    }
}

/// A caller of the payer that refuses to get coins back.
contract RefusesBack {
    function start(IBatchPayer payer, bytes32 batch, address[] calldata to, uint256[] calldata amounts) external payable {
        payer.pay{value: msg.value}(batch, to, amounts);
    }
}

/// Pays two batches in one transaction.
contract PaysTwice {
    function start(IBatchPayer payer, bytes32[2] calldata batches, address[] calldata to, uint256[] calldata amounts)
        external
        payable
    {
        payer.pay{value: msg.value / 2}(batches[0], to, amounts);
        payer.pay{value: msg.value / 2}(batches[1], to, amounts);
    }
}

interface IApproves {
    function approve(address spender, uint256 amount) external returns (bool);
}

/// Pays a batch from the tokens that it holds itself.
contract PaysTokens {
    function start(IBatchPayer payer, address token, bytes32 batch, address[] calldata to, uint256[] calldata amounts) external {
        IApproves(token).approve(address(payer), 1000);
        payer.payToken(token, batch, to, amounts);
    }
}

/// Makes coins arrive at an account that refuses them.
contract Forces {
    constructor(address payable to) payable {
        selfdestruct(to);
    }
}
