//! In which order a section's settings stand in its type: neither a schema nor a JSON value keeps it. Called to show them, and
//! by the tests that make the example and the reference.

use super::bets::{AzuroSection, BetsSection, SxSection};
use super::pairs::PairEntry;
use super::sections::{
    DatabaseSection, ExecutionSection, FileConfig, HttpSection, JournalSection, PaperSection, ParadexSection, RiskSection,
    VenuesSection, VestSection, WatchdogSection,
};
use serde::de::value::Error;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

/// Settings of the section at `path`, the empty path is the whole.
pub(crate) fn fields(path: &str) -> &'static [&'static str] {
    match path {
        "" => of::<FileConfig>(),
        "pairs" => of::<PairEntry>(),
        "execution" => of::<ExecutionSection>(),
        "risk" => of::<RiskSection>(),
        "http" => of::<HttpSection>(),
        "journal" => of::<JournalSection>(),
        "database" => of::<DatabaseSection>(),
        "watchdog" => of::<WatchdogSection>(),
        "paper" => of::<PaperSection>(),
        "bets" => of::<BetsSection>(),
        "venues" => of::<VenuesSection>(),
        "venues.vest" => of::<VestSection>(),
        "venues.paradex" => of::<ParadexSection>(),
        "venues.sx" => of::<SxSection>(),
        "venues.azuro" => of::<AzuroSection>(),
        _ => &[],
    }
}

/// The names that a type asks its deserializer for.
fn of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    struct Asked<'a>(&'a mut &'static [&'static str]);
    impl<'de> Deserializer<'de> for Asked<'_> {
        type Error = Error;
        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("only asked"))
        }
        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }
    let mut fields: &'static [&'static str] = &[];
    let _ = T::deserialize(Asked(&mut fields)); // always an error: nothing is there to read
    fields
}
