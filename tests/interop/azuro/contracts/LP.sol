// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

import {OrderData} from "./Types.sol";
import {BetToken} from "./BetToken.sol";
import {Core} from "./Core.sol";

/// The pool: holds the stakes, pays the winners. Written from spec sections 8 and 10.
contract LP {
    struct CoreSettings {
        uint8 state;
        uint64 reinforcementAbility;
        uint64 reinforcementAbilityCombo;
        uint128 minBet;
        uint128 lockedLiquidity;
        uint128 lockedLiquidityCombo;
    }

    uint8 private constant ACTIVE = 1;

    BetToken public token;
    address public relayer;
    mapping(address => CoreSettings) public cores;

    event BettorWin(address indexed core, address indexed bettor, uint256 tokenId, uint256 amount);

    error CoreNotActive();
    error IncorrectRelayer();
    error InvalidInitialization();
    error UnknownCore();

    function initialize(address token_, address relayer_, address core, uint128 minBet) external {
        if (relayer != address(0)) revert InvalidInitialization();
        token = BetToken(token_);
        relayer = relayer_;
        cores[core] = CoreSettings(ACTIVE, 1e12, 1e12, minBet, 0, 0);
    }

    /// Hands an order to its core. The relayer has brought the stakes before.
    function betOrder(address core, OrderData calldata order, address betOwner, bytes calldata data)
        external
        returns (uint256[] memory)
    {
        if (msg.sender != relayer) revert IncorrectRelayer();
        if (cores[core].state != ACTIVE) revert CoreNotActive();
        return Core(core).putOrder(order, betOwner, cores[core].minBet, data);
    }

    function viewPayout(address core, uint256 tokenId) external view returns (uint128) {
        if (cores[core].state == 0) revert UnknownCore();
        return Core(core).viewPayout(tokenId);
    }

    function withdrawPayout(address core, uint256 tokenId) external returns (uint128) {
        return _withdraw(core, tokenId);
    }

    function withdrawPayouts(address core, uint256[] calldata tokenIds) external {
        for (uint256 i; i < tokenIds.length; ++i) _withdraw(core, tokenIds[i]);
    }

    /// Anyone may call; the owner of the bet is paid.
    function _withdraw(address core, uint256 tokenId) private returns (uint128 amount) {
        if (cores[core].state == 0) revert UnknownCore();
        address account;
        (account, amount) = Core(core).resolvePayout(tokenId);
        if (amount > 0) {
            require(token.transfer(account, amount), "the token says no");
            emit BettorWin(core, account, tokenId, amount);
        }
    }
}
