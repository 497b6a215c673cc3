//! What the REST side answers: values, refusals and the words of their codes (vest.md section 11).

use serde_json::{Value, json};

/// A route's result.
pub(super) type Answer = Result<Value, Refused>;

/// A refusal with its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub u32);

pub(super) const UNAUTHORIZED: u32 = 1002;
pub(super) const INVALID_SIGNATURE: u32 = 1022;
pub(super) const INVALID_NONCE: u32 = 1023;
pub(super) const INVALID_NETWORK_TYPE: u32 = 1024;
pub(super) const BAD_DECIMALS: u32 = 1111;
pub(super) const INVALID_ORDER_TYPE: u32 = 1116;
pub(super) const BAD_SYMBOL: u32 = 1121;
pub(super) const INVALID_LISTEN_KEY: u32 = 1125;
pub(super) const INVALID_PARAMETER: u32 = 1130;
pub(super) const BAD_RECV_WINDOW: u32 = 1131;
pub(super) const ORDER_EXPIRED: u32 = 1132;
pub(super) const INVALID_TIME_IN_FORCE: u32 = 1133;
pub(super) const INVALID_TP_SL_PRICE: u32 = 1145;
pub(super) const INVALID_ACCOUNT_GROUP: u32 = 1146;
pub(super) const MARKET_CLOSED: u32 = 1148;
pub(super) const PRICE_CHECK_FAILED: u32 = 3001;
pub(super) const MARGIN_CHECK_FAILED: u32 = 3002;
pub(super) const INCREASE_WITH_SL_TP: u32 = 3006;
pub(super) const OI_CAP_EXCEEDED: u32 = 3010;
pub(super) const INVALID_LIMIT_PRICE: u32 = 3011;
pub(super) const DUPLICATE: u32 = 3015;
pub(super) const ORDER_NOT_FOUND: u32 = 3017;
pub(super) const REDUCE_ONLY_INCREASES: u32 = 3018;
pub(super) const REDUCE_ONLY_EXCEEDS_SIZE: u32 = 3019;
pub(super) const ORDER_CHANGES_LEVERAGE: u32 = 3020;
pub(super) const DECREASE_LEVERAGE_WITH_POSITION: u32 = 3021;
pub(super) const DELETED_BY_LIQ: u32 = 3008;
pub(super) const BAD_SYMBOL_LATE: u32 = 3023;
pub(super) const MARKET_CLOSED_LATE: u32 = 3024;
pub(super) const LP_INSUFFICIENT_BALANCE: u32 = 4001;
pub(super) const LP_WITHDRAW_EXCEEDS_BALANCE: u32 = 4012;
pub(super) const TRANSFER_MARGIN_CHECK_FAILED: u32 = 5002;
pub(super) const RATE_LIMITED: u32 = 429;

impl Refused {
    /// HTTP status: not documented, except that a private read without a key was seen to answer 403.
    pub(super) fn status(self, unauthorized: u16) -> u16 {
        match self.0 {
            UNAUTHORIZED => unauthorized,
            RATE_LIMITED | 1003 => 429,
            _ => 400,
        }
    }

    /// Body in one of the two forms clients have met.
    pub(super) fn body(self, flat: bool) -> Value {
        let body = json!({ "code": self.0, "msg": self.message() });
        if flat { body } else { json!({ "detail": body }) }
    }

    fn message(self) -> &'static str {
        match self.0 {
            RATE_LIMITED => "Rate limited",
            1002 => "Unauthorized",
            1003 => "Too many requests",
            1022 => "Invalid signature",
            1023 => "Invalid nonce",
            1024 => "Invalid network type",
            1099 => "Account not found",
            1111 => "Bad decimals",
            1116 => "Invalid order type",
            1121 => "Bad symbol",
            1125 => "Listen key expired. Make a POST request to create a new key.",
            1130 => "Invalid parameter",
            1131 => "Bad recv window",
            1132 => "Order expired",
            1133 => "Invalid time in force",
            1145 | 3022 => "Invalid TP/SL price",
            1146 => "Invalid account group",
            1148 | 3024 => "Market closed",
            3001 => "Price check failed",
            3002 => "Margin check failed",
            3015 => "Duplicate",
            3017 => "Order not found",
            3018 => "Reduce only increases",
            3019 => "Reduce only exceeds size",
            3020 => "Order changes leverage",
            3021 => "Decrease leverage with position",
            _ => "Refused",
        }
    }
}
