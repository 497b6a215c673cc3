// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

import {ClientBetData, ClientData, ConditionData, OrderData, SubBet} from "./Types.sol";
import {AzuroBet} from "./AzuroBet.sol";

/// Verifies bets, keeps nonces, conditions and bets, and says what a bet pays. Single bets alone.
///
/// Written from spec sections 7.2, 8 and 10. What the oracle signs is not public: here it is the chain, this contract, the bytes
/// that the bettor signed and the conditions as offered.
contract Core {
    /// What a condition can be; a condition is made by the first bet on it.
    uint8 private constant RUNNING = 0;
    uint8 private constant RESOLVED = 1;
    uint8 private constant CANCELED = 2;

    uint256 private constant ODDS_ONE = 1e12;
    /// The largest `s` that a signature may have: half the order of the curve. The other half would be a second signature of the same bet.
    uint256 private constant S_MAX = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant CLIENTBETDATA_TYPEHASH = keccak256(
        "ClientBetData(ClientData clientData,SubBet[] bets)"
        "ClientData(string attention,address affiliate,address core,uint256 expiresAt,uint256 chainId,uint256 relayerFeeAmount,bool isFeeSponsored,bool isBetSponsored,bool isSponsoredBetReturnable)"
        "SubBet(uint256 conditionId,uint128 outcomeId,uint64 minOdds,uint128 amount,uint256 nonce)"
    );
    bytes32 private constant CLIENTDATA_TYPEHASH = keccak256(
        "ClientData(string attention,address affiliate,address core,uint256 expiresAt,uint256 chainId,uint256 relayerFeeAmount,bool isFeeSponsored,bool isBetSponsored,bool isSponsoredBetReturnable)"
    );
    bytes32 private constant SUBBET_TYPEHASH =
        keccak256("SubBet(uint256 conditionId,uint128 outcomeId,uint64 minOdds,uint128 amount,uint256 nonce)");

    struct Condition {
        uint128 totalNetBets;
        uint64 settledAt;
        uint48 lastDepositId;
        uint8 winningOutcomesCount;
        uint8 state;
        address oracle;
    }

    struct Bet {
        uint256 conditionId;
        uint128 amount;
        uint128 payout;
        uint128 outcomeId;
        uint64 timestamp;
        bool isPaid;
        uint48 lastDepositId;
    }

    struct BetData {
        uint256 gameId;
        uint256 conditionId;
        uint8 conditionKind;
        uint128 outcomeId;
        uint64 odds;
    }

    struct ResolveData {
        uint256 conditionId;
        uint128[] winningOutcomes;
        uint64 settledAt;
    }

    struct BetsToReject {
        uint256 conditionId;
        uint256[] tokenIds;
    }

    AzuroBet public azuroBet;
    address public lp;
    mapping(address => mapping(uint256 => bool)) public nonces;
    mapping(uint256 => Condition) public conditions;
    mapping(uint256 => Bet) public bets;
    mapping(address => bool) public isOracle;
    mapping(uint256 => uint128[]) private _outcomes;
    mapping(uint256 => mapping(uint128 => bool)) private _wins;
    mapping(uint256 => bool) private _rejected;

    event NewLiveBet(
        uint256 indexed tokenId,
        address indexed bettor,
        address indexed affiliate,
        uint8 betType,
        uint256 nonce,
        uint128 amount,
        BetData[] betDatas,
        uint128 potentialLossLimit
    );
    event BetRejected(uint256 indexed tokenId);
    event ConditionCreated(
        uint256 indexed gameId, uint256 indexed conditionId, uint128[] outcomes, uint64[] odds, uint8 winningOutcomesCount
    );
    event ConditionResolved(
        uint256 indexed conditionId, uint8 state, uint128[] winningOutcomes, int128 lpProfit, uint64 settledAt
    );

    error AlreadyPaid();
    error AlreadyRejected();
    error BetNotExists();
    error ConditionAlreadyResolved();
    error ConditionNotFinished();
    error ConditionNotRunning();
    error IncorrectBetType();
    error IncorrectBetsConditionsCount();
    error IncorrectConditionId();
    error InvalidBettorSignature();
    error InvalidChainId();
    error InvalidInitialization();
    error InvalidNonce();
    error InvalidOracleSignature();
    error OddsTooSmall();
    error OnlyLp();
    error OnlyOracle(address account);
    error PotentialLossLimit();
    error SignatureExpired();
    error SmallBet();
    error WrongOutcome();

    function initialize(address azuroBet_, address lp_, address oracle) external {
        if (lp != address(0)) revert InvalidInitialization();
        azuroBet = AzuroBet(azuroBet_);
        lp = lp_;
        isOracle[oracle] = true;
    }

    modifier onlyOracle() {
        if (!isOracle[msg.sender]) revert OnlyOracle(msg.sender);
        _;
    }

    // Bets.

    /// Takes an order of single bets: one token for each of them.
    function putOrder(OrderData calldata order, address betOwner, uint256 minBet, bytes calldata)
        external
        returns (uint256[] memory tokens)
    {
        if (msg.sender != lp) revert OnlyLp();
        if (order.betType != 0) revert IncorrectBetType();
        ClientBetData memory data = abi.decode(order.clientBetData, (ClientBetData));
        if (data.clientData.chainId != block.chainid) revert InvalidChainId();
        if (data.clientData.core != address(this)) revert InvalidBettorSignature();
        if (block.timestamp > data.clientData.expiresAt) revert SignatureExpired();
        if (_signer(digest(data), order.bettorSignature) != betOwner) revert InvalidBettorSignature();
        if (!isOracle[order.oracle] || _signer(oracleDigest(order), order.oracleSignature) != order.oracle) {
            revert InvalidOracleSignature();
        }
        if (data.bets.length == 0 || data.bets.length != order.conditionDatas.length) revert IncorrectBetsConditionsCount();
        tokens = new uint256[](data.bets.length);
        for (uint256 i; i < data.bets.length; ++i) {
            if (data.bets[i].amount < minBet) revert SmallBet();
            tokens[i] = _take(data.bets[i], order.conditionDatas[i], order.oracle, betOwner, data.clientData.affiliate);
        }
    }

    function _take(SubBet memory bet, ConditionData calldata offer, address oracle, address bettor, address affiliate)
        private
        returns (uint256 token)
    {
        if (nonces[bettor][bet.nonce]) revert InvalidNonce();
        nonces[bettor][bet.nonce] = true;
        if (offer.conditionId != bet.conditionId) revert IncorrectConditionId();
        Condition storage condition = conditions[bet.conditionId];
        if (condition.state != RUNNING) revert ConditionNotRunning();
        if (condition.oracle == address(0)) {
            condition.oracle = oracle;
            condition.winningOutcomesCount = offer.winningOutcomesCount;
            _outcomes[bet.conditionId] = offer.outcomes;
            emit ConditionCreated(offer.gameId, offer.conditionId, offer.outcomes, offer.odds, offer.winningOutcomesCount);
        }
        uint64 odds = _offered(offer, bet.outcomeId);
        if (odds < bet.minOdds || odds <= ODDS_ONE) revert OddsTooSmall();
        uint128 payout = uint128(uint256(bet.amount) * odds / ODDS_ONE);
        if (payout - bet.amount > offer.potentialLossLimit) revert PotentialLossLimit();
        condition.totalNetBets += bet.amount;
        token = azuroBet.mint(bettor);
        bets[token] = Bet(bet.conditionId, bet.amount, payout, bet.outcomeId, uint64(block.timestamp), false, 0);
        _tell(token, bet, offer, odds, affiliate);
    }

    function _tell(uint256 token, SubBet memory bet, ConditionData calldata offer, uint64 odds, address affiliate) private {
        BetData[] memory parts = new BetData[](1);
        parts[0] = BetData(offer.gameId, offer.conditionId, offer.conditionKind, bet.outcomeId, odds);
        address bettor = azuroBet.ownerOf(token);
        emit NewLiveBet(token, bettor, affiliate, 0, bet.nonce, bet.amount, parts, offer.potentialLossLimit);
    }

    /// The odds at which the oracle offers an outcome.
    function _offered(ConditionData calldata offer, uint128 outcome) private pure returns (uint64) {
        for (uint256 i; i < offer.outcomes.length; ++i) if (offer.outcomes[i] == outcome) return offer.odds[i];
        revert WrongOutcome();
    }

    // Ends.

    /// Calls accepted bets off: their stakes are redeemable from then on.
    function rejectBets(BetsToReject[] calldata rows) external onlyOracle {
        for (uint256 i; i < rows.length; ++i) {
            for (uint256 j; j < rows[i].tokenIds.length; ++j) {
                uint256 token = rows[i].tokenIds[j];
                if (bets[token].conditionId != rows[i].conditionId) revert BetNotExists();
                if (_rejected[token]) revert AlreadyRejected();
                if (conditions[rows[i].conditionId].state != RUNNING) revert ConditionAlreadyResolved();
                _rejected[token] = true;
                emit BetRejected(token);
            }
        }
    }

    function resolveConditions(ResolveData[] calldata rows) external onlyOracle {
        for (uint256 i; i < rows.length; ++i) {
            Condition storage condition = conditions[rows[i].conditionId];
            if (condition.state != RUNNING) revert ConditionAlreadyResolved();
            condition.state = RESOLVED;
            condition.settledAt = rows[i].settledAt;
            for (uint256 j; j < rows[i].winningOutcomes.length; ++j) {
                _wins[rows[i].conditionId][rows[i].winningOutcomes[j]] = true;
            }
            emit ConditionResolved(rows[i].conditionId, RESOLVED, rows[i].winningOutcomes, 0, rows[i].settledAt);
        }
    }

    function cancelConditions(uint256[] calldata ids) external onlyOracle {
        for (uint256 i; i < ids.length; ++i) {
            Condition storage condition = conditions[ids[i]];
            if (condition.state != RUNNING) revert ConditionAlreadyResolved();
            condition.state = CANCELED;
            condition.settledAt = uint64(block.timestamp);
            emit ConditionResolved(ids[i], CANCELED, new uint128[](0), 0, uint64(block.timestamp));
        }
    }

    function viewPayout(uint256 token) public view returns (uint128) {
        Bet storage bet = bets[token];
        if (bet.amount == 0) revert BetNotExists();
        if (bet.isPaid) revert AlreadyPaid();
        if (_rejected[token]) return bet.amount;
        Condition storage condition = conditions[bet.conditionId];
        if (condition.state == RUNNING) revert ConditionNotFinished();
        // A bet that was taken when the outcome was known already is void.
        if (condition.state == CANCELED || bet.timestamp >= condition.settledAt) return bet.amount;
        return _wins[bet.conditionId][bet.outcomeId] ? bet.payout : 0;
    }

    /// Marks a bet as paid; the pool pays what is returned to whom is returned.
    function resolvePayout(uint256 token) external returns (address account, uint128 payout) {
        if (msg.sender != lp) revert OnlyLp();
        payout = viewPayout(token);
        bets[token].isPaid = true;
        account = azuroBet.ownerOf(token);
    }

    function isConditionCanceled(uint256 id) external view returns (bool) {
        return conditions[id].state == CANCELED;
    }

    function isOutcomeWinning(uint256 id, uint128 outcome) external view returns (bool) {
        return conditions[id].state == RESOLVED && _wins[id][outcome];
    }

    // Signatures.

    /// What the bettor signs.
    function digest(ClientBetData memory data) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](data.bets.length);
        for (uint256 i; i < data.bets.length; ++i) {
            SubBet memory bet = data.bets[i];
            hashes[i] = keccak256(
                abi.encode(SUBBET_TYPEHASH, bet.conditionId, bet.outcomeId, bet.minOdds, bet.amount, bet.nonce)
            );
        }
        bytes32 hash = keccak256(
            abi.encode(CLIENTBETDATA_TYPEHASH, _hash(data.clientData), keccak256(abi.encodePacked(hashes)))
        );
        bytes32 domain = keccak256(
            abi.encode(DOMAIN_TYPEHASH, keccak256("Live Betting"), keccak256("1.0.0"), block.chainid, address(this))
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, hash));
    }

    function _hash(ClientData memory data) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                CLIENTDATA_TYPEHASH,
                keccak256(bytes(data.attention)),
                data.affiliate,
                data.core,
                data.expiresAt,
                data.chainId,
                data.relayerFeeAmount,
                data.isFeeSponsored,
                data.isBetSponsored,
                data.isSponsoredBetReturnable
            )
        );
    }

    /// What the oracle signs, here.
    function oracleDigest(OrderData calldata order) public view returns (bytes32) {
        return keccak256(
            abi.encode(
                block.chainid, address(this), keccak256(order.clientBetData), keccak256(abi.encode(order.conditionDatas))
            )
        );
    }

    function _signer(bytes32 hash, bytes calldata signature) private pure returns (address signer) {
        if (signature.length != 65) return address(0);
        bytes32 s = bytes32(signature[32:64]);
        if (uint256(s) > S_MAX) return address(0);
        signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[0:32]), s);
    }
}
