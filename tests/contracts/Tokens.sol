// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

// Tokens for tests of payments. All coins of a token belong to the account that deployed it.

/// A plain token of six decimals, as USDC is; accounts may be blocked.
contract Token {
    uint8 public constant decimals = 6;
    uint256 public totalSupply = 1e15;
    mapping(address => bool) public blocked;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => uint256) internal held;

    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    constructor() {
        held[msg.sender] = totalSupply;
    }

    function balanceOf(address account) public view virtual returns (uint256) {
        return held[account];
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external virtual returns (bool) {
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external virtual returns (bool) {
        spend(from, amount);
        move(from, to, amount);
        return true;
    }

    function block_(address account) external {
        blocked[account] = true;
    }

    function unblock(address account) external {
        blocked[account] = false;
    }

    function spend(address from, uint256 amount) internal {
        allowance[from][msg.sender] -= amount;
    }

    function move(address from, address to, uint256 amount) internal virtual {
        require(!blocked[to], "blocked");
        held[from] -= amount;
        held[to] += amount;
        emit Transfer(from, to, amount);
    }
}

/// Returns nothing, as USDT does.
contract SilentToken is Token {
    function transfer(address to, uint256 amount) external override returns (bool) {
        move(msg.sender, to, amount);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        spend(from, amount);
        move(from, to, amount);
        assembly {
            return(0, 0)
        }
    }
}

/// Returns false, and moves nothing, where others revert.
contract FalseToken is Token {
    function transfer(address to, uint256 amount) external override returns (bool) {
        if (blocked[to]) return false;
        move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        if (blocked[to]) return false;
        spend(from, amount);
        move(from, to, amount);
        return true;
    }
}

/// Returns false for a blocked account, and moves all the same.
contract FalseButMovesToken is Token {
    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        spend(from, amount);
        held[from] -= amount;
        held[to] += amount;
        return !blocked[to];
    }
}

/// Returns true, and moves nothing to a blocked account.
contract LyingToken is Token {
    function transfer(address to, uint256 amount) external override returns (bool) {
        if (!blocked[to]) move(msg.sender, to, amount);
        return true;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        if (blocked[to]) return true;
        spend(from, amount);
        move(from, to, amount);
        return true;
    }
}

/// Takes 1 % of what is sent.
contract FeeToken is Token {
    function move(address from, address to, uint256 amount) internal override {
        uint256 fee = amount / 100;
        super.move(from, to, amount - fee);
        super.move(from, address(0xfee), fee);
    }
}

/// Takes 1 % more from the sender.
contract SenderFeeToken is Token {
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount);
        super.move(from, address(0xfee), amount / 100);
    }
}

/// Accounts hold shares; what a share is worth changes, and a transfer rounds down to whole shares.
contract RebasingToken is Token {
    uint256 public perShare = 1000; // thousandths

    function rebase(uint256 perShare_) external {
        perShare = perShare_;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (held[account] * perShare) / 1000;
    }

    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, (amount * 1000) / perShare);
    }
}

interface IReceivesTokens {
    function tokensReceived() external;
}

/// Calls an account that is a contract, as tokens of ERC-777 do.
contract HookToken is Token {
    function move(address from, address to, uint256 amount) internal override {
        super.move(from, to, amount);
        if (to.code.length != 0) IReceivesTokens(to).tokensReceived();
    }
}

/// To a blocked account: burns all gas (1), or answers with as many bytes as the gas suffices for, as success (2) or as a
/// failure (3).
contract HeavyToken is Token {
    uint256 private immutable way;

    constructor(uint256 way_) {
        way = way_;
    }

    function transferFrom(address from, address to, uint256 amount) external override returns (bool) {
        if (blocked[to]) {
            uint256 how = way;
            assembly {
                if eq(how, 1) {
                    invalid()
                }
                if eq(how, 2) {
                    return(0, 150000)
                }
                revert(0, 150000)
            }
        }
        spend(from, amount);
        move(from, to, amount);
        return true;
    }
}
