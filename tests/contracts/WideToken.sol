// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

// A plain token with as many decimals as the coin of the chain.
contract WideToken {
    uint8 public constant decimals = 18;
    uint256 public totalSupply = 1e27;
    mapping(address => uint256) public balanceOf;

    event Transfer(address indexed from, address indexed to, uint256 amount);

    constructor() {
        balanceOf[msg.sender] = totalSupply;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        emit Transfer(msg.sender, to, amount);
        return true;
    }
}
