// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

import {ClientBetData, OrderData} from "./Types.sol";
import {BetToken} from "./BetToken.sol";
import {LP} from "./LP.sol";

/// Takes stakes and fees by the bettor's approval and hands orders to the pool. Written from spec section 8.
contract Relayer {
    LP public lp;

    event RelayerRewarded(address indexed relayer, uint256 amount);

    error InvalidInitialization();

    function initialize(address lp_) external {
        if (address(lp) != address(0)) revert InvalidInitialization();
        lp = LP(lp_);
    }

    function betFor(OrderData[] calldata orders) external {
        uint256 reward;
        BetToken token = lp.token();
        for (uint256 i; i < orders.length; ++i) {
            OrderData calldata order = orders[i];
            ClientBetData memory data = abi.decode(order.clientBetData, (ClientBetData));
            uint256 stake;
            for (uint256 j; j < data.bets.length; ++j) stake += data.bets[j].amount;
            uint256 fee = data.clientData.relayerFeeAmount;
            require(token.transferFrom(order.betOwner, address(this), stake + fee), "the token says no");
            require(token.transfer(address(lp), stake), "the token says no");
            reward += fee;
            lp.betOrder(data.clientData.core, order, order.betOwner, "");
        }
        if (reward > 0) {
            require(token.transfer(msg.sender, reward), "the token says no");
            emit RelayerRewarded(msg.sender, reward);
        }
    }
}
