// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

/// The uptime feed of a rollup's sequencer (spec 14.1), with an answer that can be set: 0 up, 1 down.
contract UptimeFeed {
    uint80 private _round;
    int256 private _answer;
    uint256 private _startedAt;
    uint256 private _updatedAt;

    function set(int256 answer, uint256 startedAt) external {
        ++_round;
        _answer = answer;
        _startedAt = startedAt;
        _updatedAt = block.timestamp;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_round, _answer, _startedAt, _updatedAt, _round);
    }
}
