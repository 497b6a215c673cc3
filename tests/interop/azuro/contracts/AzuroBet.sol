// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

/// The ERC-721 of bets: whoever holds one is paid.
contract AzuroBet {
    address public core;
    uint256 public lastTokenId;
    mapping(uint256 => address) private _ownerOf;
    mapping(address => uint256[]) private _minted;

    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    error OnlyCore();
    error InvalidInitialization();
    error ERC721NonexistentToken(uint256 tokenId);
    error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner);

    function initialize(address core_, uint256 lastTokenId_) external {
        if (core != address(0)) revert InvalidInitialization();
        core = core_;
        lastTokenId = lastTokenId_;
    }

    function mint(address account) external returns (uint256 tokenId) {
        if (msg.sender != core) revert OnlyCore();
        tokenId = ++lastTokenId;
        _ownerOf[tokenId] = account;
        _minted[account].push(tokenId);
        emit Transfer(address(0), account, tokenId);
    }

    function ownerOf(uint256 tokenId) public view returns (address owner) {
        owner = _ownerOf[tokenId];
        if (owner == address(0)) revert ERC721NonexistentToken(tokenId);
    }

    /// The bets that an account holds, of those that were minted to it.
    function getTokensByOwner(address account) external view returns (uint256[] memory tokens) {
        uint256[] storage minted = _minted[account];
        uint256 held;
        for (uint256 i; i < minted.length; ++i) if (_ownerOf[minted[i]] == account) ++held;
        tokens = new uint256[](held);
        for (uint256 i = minted.length; i > 0; --i) if (_ownerOf[minted[i - 1]] == account) tokens[--held] = minted[i - 1];
    }

    function transferFrom(address from, address to, uint256 tokenId) external {
        address owner = ownerOf(tokenId);
        if (owner != from || msg.sender != from) revert ERC721IncorrectOwner(msg.sender, tokenId, owner);
        _ownerOf[tokenId] = to;
        emit Transfer(from, to, tokenId);
    }
}
