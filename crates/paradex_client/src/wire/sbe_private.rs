//! SBE frames of schema 1 about the account: orders, fills, positions, balances (paradex.md 7.2, templates 20 to 23).

use crate::error::DecodeError;
use crate::wire::sbe::{Block, Tail};

/// One of our orders changed (template 20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent<'a> {
    /// Rises with every change of the order.
    pub seq: u64,
    /// 1 NEW, 2 UNTRIGGERED, 3 OPEN, 4 CLOSED.
    pub status: u8,
    /// 1 BUY, 2 SELL.
    pub side: u8,
    /// Limit price at 1e-8.
    pub price: Option<i64>,
    /// Ordered size at 1e-8.
    pub size: i64,
    /// What is not filled of it, at 1e-8.
    pub remaining: i64,
    /// The venue's id.
    pub order_id: &'a str,
    /// Ours.
    pub client_id: &'a str,
    /// Market symbol.
    pub market: &'a str,
    /// Why it was closed, empty if it was not or was filled.
    pub cancel_reason: &'a str,
}

impl<'a> OrderEvent<'a> {
    pub(crate) fn read(block: Block<'a>, tail: &mut Tail<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: block.seq()?,
            status: block.u8(16)?,
            side: block.u8(17)?,
            price: block.optional(20),
            size: block.i64(36)?,
            remaining: block.i64(44)?,
            order_id: tail.text()?,
            client_id: tail.text()?,
            market: tail.text()?,
            cancel_reason: tail.text()?,
        })
    }
}

/// One of our fills (template 21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillEvent<'a> {
    /// Its place in the account's stream.
    pub seq: u64,
    /// 1 FILL, 2 LIQUIDATION, 3 UNWIND_TRANSFER, 4 SETTLE_MARKET, 5 RPI, 6 BLOCK_TRADE.
    pub fill_type: u8,
    /// 1 BUY, 2 SELL.
    pub side: u8,
    /// Price at 1e-8.
    pub price: i64,
    /// Size at 1e-8.
    pub size: i64,
    /// Fee at 1e-8, positive = paid.
    pub fee: Option<i64>,
    /// Funding realised with it at 1e-8.
    pub realized_funding: Option<i64>,
    /// The venue's id of the fill: the key for counting it once.
    pub fill_id: &'a str,
    /// The venue's id of the order.
    pub order_id: &'a str,
    /// Our id of the order.
    pub client_id: &'a str,
    /// Market symbol.
    pub market: &'a str,
}

impl<'a> FillEvent<'a> {
    pub(crate) fn read(block: Block<'a>, tail: &mut Tail<'a>) -> Result<Self, DecodeError> {
        let (fill_id, order_id, client_id) = (tail.text()?, tail.text()?, tail.text()?);
        let _trade_id = tail.text()?;
        Ok(Self {
            seq: block.seq()?,
            fill_type: block.u8(16)?,
            side: block.u8(17)?,
            price: block.i64(19)?,
            size: block.i64(27)?,
            fee: block.optional(35),
            realized_funding: block.optional(99),
            fill_id,
            order_id,
            client_id,
            market: tail.text()?,
        })
    }
}

/// One of our positions changed (template 22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionEvent<'a> {
    /// Rises with every change.
    pub seq: u64,
    /// 1 long, 2 short: the size beside it is absolute, unlike in JSON (paradex.md 12, item 14).
    pub side: u8,
    /// Absolute size at 1e-8.
    pub size: i64,
    /// Average entry price at 1e-8.
    pub entry: Option<i64>,
    /// Account address, 32 bytes big-endian.
    pub account: &'a [u8; 32],
    /// 1 OPEN, 2 CLOSED, 3 unspecified.
    pub status: u8,
    /// Market symbol.
    pub market: &'a str,
    /// The last fill that changed it.
    pub last_fill_id: &'a str,
}

impl<'a> PositionEvent<'a> {
    pub(crate) fn read(block: Block<'a>, tail: &mut Tail<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: block.seq()?,
            side: block.u8(16)?,
            size: block.i64(17)?,
            entry: block.optional(25),
            account: block.bytes32(81)?,
            status: block.u8(153)?,
            market: tail.text()?,
            last_fill_id: tail.text()?,
        })
    }
    /// Size at 1e-8, short negative.
    pub fn signed_size(&self) -> i64 {
        if self.side == 2 { self.size.saturating_neg() } else { self.size }
    }
}

/// The account changed (template 23).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEvent<'a> {
    /// Rises with every change.
    pub seq: u64,
    /// What may still be used as margin, at 1e-8.
    pub free_collateral: Option<i64>,
    /// 1 ACTIVE, 2 LIQUIDATION.
    pub status: u8,
    /// What the account settles in.
    pub settlement_asset: &'a str,
}

impl<'a> AccountEvent<'a> {
    pub(crate) fn read(block: Block<'a>, tail: &mut Tail<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            seq: block.seq()?,
            free_collateral: block.optional(24),
            status: block.u8(112)?,
            settlement_asset: tail.text()?,
        })
    }
}
