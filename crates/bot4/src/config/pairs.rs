//! The pairs: as a file names them, and as they will be traded.

use super::values::{Base, Dollars, Percent};
use domain::{Pair, Rate, Usd};
use perps::Sizing;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::borrow::Cow;
use std::fmt;

/// One traded pair with what it does not take from the settings of all pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairEntry {
    /// Its name: base and USD.
    #[schemars(with = "String", example = "BTC-USD")]
    pub(crate) pair: Pair,
    /// Base per leg; or `notional_usd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "0.01")]
    pub(crate) size: Option<Base>,
    /// USD per leg; or `size`. Without either, that of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "1000")]
    pub(crate) notional_usd: Option<Dollars>,
    /// %, instead of the setting of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "0.40")]
    pub(crate) spread_entry: Option<Percent>,
    /// %, instead of the setting of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "0.10")]
    pub(crate) spread_exit: Option<Percent>,
    /// %, instead of the setting of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "0.02")]
    pub(crate) edge_min: Option<Percent>,
    /// Updates in a row, instead of the setting of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 3)]
    pub(crate) confirm_ticks: Option<u32>,
    /// Seconds, instead of the setting of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1800)]
    pub(crate) max_holding_s: Option<u64>,
    /// USD. Largest leg of this pair, within that of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "2000")]
    pub(crate) max_notional_usd: Option<Dollars>,
    /// USD. Largest worst loss of a round of this pair, within that of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "50")]
    pub(crate) worst_loss_usd: Option<Dollars>,
    /// Symbol on Vest, if it is not the pair's base and -PERP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "BTC-PERP")]
    pub(crate) vest: Option<String>,
    /// Symbol on Paradex, if it is not the pair and -PERP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "BTC-USD-PERP")]
    pub(crate) paradex: Option<String>,
    /// Base units in one contract on Paradex, if its symbol does not say so (kBONK for BONK does: 1000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 1)]
    pub(crate) multiplier_paradex: Option<u32>,
}

impl PairEntry {
    /// With nothing of its own.
    pub(crate) const fn of(pair: Pair) -> Self {
        Self {
            pair,
            size: None,
            notional_usd: None,
            spread_entry: None,
            spread_exit: None,
            edge_min: None,
            confirm_ticks: None,
            max_holding_s: None,
            max_notional_usd: None,
            worst_loss_usd: None,
            vest: None,
            paradex: None,
            multiplier_paradex: None,
        }
    }
}

/// A pair as it is written: `- ETH-USD`, or a map with settings of its own.
pub(crate) struct Written(PairEntry);

/// Reads the list.
pub(super) fn read<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<PairEntry>, D::Error> {
    Ok(Vec::<Written>::deserialize(d)?.into_iter().map(|w| w.0).collect())
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = PairEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair such as ETH-USD, or a map with `pair` and settings of its own")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<PairEntry, E> {
                text.parse().map(PairEntry::of).map_err(E::custom)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<PairEntry, A::Error> {
                PairEntry::deserialize(de::value::MapAccessDeserializer::new(map))
            }
        }
        d.deserialize_any(Either).map(Self)
    }
}

impl JsonSchema for Written {
    fn schema_name() -> Cow<'static, str> {
        "Pair".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<PairEntry>()] })
    }
}

/// One pair as it will be traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PairPlan {
    pub(crate) pair: Pair,
    pub(crate) sizing: Sizing,
    pub(crate) spread_entry: Rate,
    pub(crate) spread_exit: Rate,
    /// Edge net of costs under which nothing is opened.
    pub(crate) edge_min: Rate,
    /// Updates in a row that must show an opportunity.
    pub(crate) confirm_ticks: u32,
    /// The pair's own longest time to hold a position, ms, where it has one.
    pub(crate) max_holding_ms: Option<i64>,
    /// The pair's own cap on a leg, where it has one.
    pub(crate) max_notional: Option<Usd>,
    /// The pair's own cap on a round's worst loss, where it has one.
    pub(crate) worst_loss: Option<Usd>,
    pub(crate) vest: String,
    pub(crate) paradex: String,
    /// Base units in one contract; `None`: as the symbol says.
    pub(crate) multiplier_paradex: Option<u32>,
}
