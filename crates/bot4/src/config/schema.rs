//! The configuration's JSON Schema, made from its types: for editors, and for the reference and the example file, whose
//! words and defaults are taken from it.

use super::sections::FileConfig;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The schema of the whole file (draft 2020-12). It holds what a single value can show; what does not go together is
/// found by [`super::Config::resolve`].
pub(crate) fn schema() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FileConfig>().to_value()
}
