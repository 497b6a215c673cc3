// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

// The structures of an order, as the venue's ABI has them (spec section 8).

struct ConditionData {
    uint256 gameId;
    uint256 conditionId;
    uint8 conditionKind;
    uint64[] odds;
    uint128[] outcomes;
    uint128 potentialLossLimit;
    uint8 winningOutcomesCount;
}

struct OrderData {
    address betOwner;
    ConditionData[] conditionDatas;
    uint8 betType;
    address oracle;
    bytes clientBetData;
    bytes bettorSignature;
    bytes oracleSignature;
}

// What the bettor signs (spec 7.2).

struct ClientData {
    string attention;
    address affiliate;
    address core;
    uint256 expiresAt;
    uint256 chainId;
    uint256 relayerFeeAmount;
    bool isFeeSponsored;
    bool isBetSponsored;
    bool isSponsoredBetReturnable;
}

struct SubBet {
    uint256 conditionId;
    uint128 outcomeId;
    uint64 minOdds;
    uint128 amount;
    uint256 nonce;
}

struct ClientBetData {
    ClientData clientData;
    SubBet[] bets;
}
