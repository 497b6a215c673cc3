//! The stand-ins' calls as the tests make them: written here once more, so that the client's own encoders have something to disagree with.

alloy_sol_types::sol! {
    #[derive(Debug)]
    struct ConditionData {
        uint256 gameId;
        uint256 conditionId;
        uint8 conditionKind;
        uint64[] odds;
        uint128[] outcomes;
        uint128 potentialLossLimit;
        uint8 winningOutcomesCount;
    }
    #[derive(Debug)]
    struct OrderData {
        address betOwner;
        ConditionData[] conditionDatas;
        uint8 betType;
        address oracle;
        bytes clientBetData;
        bytes bettorSignature;
        bytes oracleSignature;
    }
    #[derive(Debug)]
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
    #[derive(Debug)]
    struct SubBet {
        uint256 conditionId;
        uint128 outcomeId;
        uint64 minOdds;
        uint128 amount;
        uint256 nonce;
    }
    #[derive(Debug)]
    struct ClientBetData {
        ClientData clientData;
        SubBet[] bets;
    }
    #[derive(Debug)]
    struct ResolveData {
        uint256 conditionId;
        uint128[] winningOutcomes;
        uint64 settledAt;
    }
    #[derive(Debug)]
    struct BetsToReject {
        uint256 conditionId;
        uint256[] tokenIds;
    }

    interface ITable {
        function mint(address to, uint256 value);
        function transferFrom(address from, address to, uint256 tokenId);
        function betFor(OrderData[] orders);
        function digest(ClientBetData data) returns (bytes32);
        function oracleDigest(OrderData order) returns (bytes32);
        function rejectBets(BetsToReject[] rows);
        function resolveConditions(ResolveData[] rows);
        function cancelConditions(uint256[] ids);
        function isConditionCanceled(uint256 id) returns (bool);
        function isOutcomeWinning(uint256 id, uint128 outcome) returns (bool);
        function getTokensByOwner(address owner) returns (uint256[]);
        function set(int256 answer, uint256 startedAt);
    }
    interface IToken { function initialize(address core, uint256 lastTokenId); }
    interface ICore { function initialize(address azuroBet, address lp, address oracle); }
    interface IPool { function initialize(address token, address relayer, address core, uint128 minBet); }
    interface IRelayer { function initialize(address lp); }
}
