//! A tree as the type wants it. What a text means is decided by what is asked for: `0.40` is a text for a decimal,
//! a number for a float, and `on` is nothing but a text.

use crate::error::ConfigError;
use crate::tree::{Entry, Node, Value};
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, Visitor};
use std::fmt;
use std::str::FromStr;

/// Reads a whole tree as a `T`.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(tree: &Node) -> Result<T, ConfigError> {
    T::deserialize(tree).map_err(|e| e.at(&tree.origin))
}

impl Node {
    /// What stands here, for people.
    fn found(&self) -> String {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("{text:?}"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a section".to_owned(),
        }
    }

    /// The text of a scalar that is not nothing.
    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            _ => None,
        }
    }

    fn refuse(&self, expected: &dyn fmt::Display) -> ConfigError {
        ConfigError::invalid(format!("expected {expected}, found {}", self.found())).at(&self.origin)
    }

    fn number<N: FromStr>(&self, expected: fmt::Arguments<'_>) -> Result<N, ConfigError> {
        self.text().and_then(|t| t.parse().ok()).ok_or_else(|| self.refuse(&expected))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
            let number = self.number(format_args!("a whole number from {} to {}", $type::MIN, $type::MAX))?;
            visitor.$visit(number).map_err(|e: ConfigError| e.at(&self.origin))
        }
    )*};
}

/// What a type without words of its own expects.
struct Expecting<'a, V>(&'a V);
impl<'de, V: Visitor<'de>> fmt::Display for Expecting<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = ConfigError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let result = match &self.value {
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Map(_) => return self.deserialize_map(visitor),
            Value::Scalar { text, plain: false } => visitor.visit_borrowed_str(text),
            Value::Scalar { .. } if self.is_null() => visitor.visit_unit(),
            Value::Scalar { text, .. } => match text.as_str() {
                "true" => visitor.visit_bool(true),
                "false" => visitor.visit_bool(false),
                t if t.parse::<u64>().is_ok() => return self.deserialize_u64(visitor),
                t if t.parse::<i128>().is_ok() => return self.deserialize_i128(visitor),
                t => match t.parse::<f64>() {
                    Ok(number) if t.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.') => {
                        visitor.visit_f64(number)
                    }
                    _ => visitor.visit_borrowed_str(t),
                },
            },
        };
        result.map_err(|e: ConfigError| e.at(&self.origin))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self.text() {
            Some("true") => visitor.visit_bool(true),
            Some("false") => visitor.visit_bool(false),
            _ => Err(self.refuse(&"true or false")),
        }
        .map_err(|e| e.at(&self.origin))
    }

    integers! {
        deserialize_i8 visit_i8 i8
        deserialize_i16 visit_i16 i16
        deserialize_i32 visit_i32 i32
        deserialize_i64 visit_i64 i64
        deserialize_i128 visit_i128 i128
        deserialize_u8 visit_u8 u8
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
        deserialize_u128 visit_u128 u128
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_f64(visitor)
    }
    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let number: f64 = self.number(format_args!("a number"))?;
        if !number.is_finite() {
            return Err(self.refuse(&"a finite number"));
        }
        visitor.visit_f64(number).map_err(|e: ConfigError| e.at(&self.origin))
    }
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self.text() {
            Some(text) => visitor.visit_borrowed_str(text).map_err(|e: ConfigError| e.at(&self.origin)),
            None => Err(self.refuse(&Expecting(&visitor))),
        }
    }
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }
    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        if self.is_null() { visitor.visit_unit() } else { Err(self.refuse(&"nothing")) }
    }
    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_unit(visitor)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_newtype_struct(self).map_err(|e: ConfigError| e.at(&self.origin))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let result = match &self.value {
            Value::List(nodes) => visitor.visit_seq(Items { rest: nodes.iter(), at: 0 }),
            Value::Scalar { text, .. } if self.origin.is_one_text() && !self.is_null() => {
                let texts = text.split(',').map(|t| StrDeserializer::new(t.trim()));
                visitor.visit_seq(de::value::SeqDeserializer::new(texts))
            }
            _ => return Err(self.refuse(&"a list")),
        };
        result.map_err(|e: ConfigError| e.at(&self.origin))
    }
    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_seq(visitor)
    }
    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let entries: &[Entry] = match &self.value {
            Value::Map(entries) => entries,
            // `risk:` with nothing below it is a section in which nothing is set.
            Value::Scalar { .. } if self.is_null() => &[],
            _ => return Err(self.refuse(&"a section")),
        };
        visitor.visit_map(Section { rest: entries.iter(), current: None }).map_err(|e: ConfigError| e.at(&self.origin))
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        let result = match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => visitor.visit_enum(text.as_str().into_deserializer()),
            Value::Map(entries) => match entries.as_slice() {
                [entry] => visitor.visit_enum(Choice(entry)),
                _ => Err(self.refuse(&format_args!("exactly one of {}", variants.join(", ")))),
            },
            _ => Err(self.refuse(&format_args!("one of {}", variants.join(", ")))),
        };
        result.map_err(|e: ConfigError| e.at(&self.origin))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        self.deserialize_str(visitor)
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_unit()
    }
}

struct Items<'de> {
    rest: std::slice::Iter<'de, Node>,
    at: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = ConfigError;
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ConfigError> {
        let Some(node) = self.rest.next() else { return Ok(None) };
        let at = self.at;
        self.at += 1;
        seed.deserialize(node).map(Some).map_err(|e| e.at(&node.origin).with_path(&at.to_string()))
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Section<'de> {
    rest: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Section<'de> {
    type Error = ConfigError;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConfigError> {
        self.current = self.rest.next();
        let Some(entry) = self.current else { return Ok(None) };
        seed.deserialize(StrDeserializer::new(&entry.key)).map(Some).map_err(|e: ConfigError| e.at(&entry.key_origin))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ConfigError> {
        let entry = self.current.take().ok_or_else(|| ConfigError::custom("a value was asked for before its name"))?;
        seed.deserialize(&entry.node).map_err(|e| e.at(&entry.node.origin).at(&entry.key_origin).with_path(&entry.key))
    }
}

/// An enum written as a section with one entry: the variant's name and its content.
struct Choice<'de>(&'de Entry);

impl<'de> de::EnumAccess<'de> for Choice<'de> {
    type Error = ConfigError;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), ConfigError> {
        let name = seed.deserialize(StrDeserializer::new(&self.0.key)).map_err(|e: ConfigError| e.at(&self.0.key_origin))?;
        Ok((name, self))
    }
}

impl Choice<'_> {
    fn placed(&self, error: ConfigError) -> ConfigError {
        error.at(&self.0.node.origin).with_path(&self.0.key)
    }
}

impl<'de> de::VariantAccess<'de> for Choice<'de> {
    type Error = ConfigError;
    fn unit_variant(self) -> Result<(), ConfigError> {
        if self.0.node.is_null() { Ok(()) } else { Err(self.placed(self.0.node.refuse(&"nothing"))) }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ConfigError> {
        seed.deserialize(&self.0.node).map_err(|e| self.placed(e))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, ConfigError> {
        self.0.node.deserialize_seq(visitor).map_err(|e| self.placed(e))
    }
    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Result<V::Value, ConfigError> {
        self.0.node.deserialize_map(visitor).map_err(|e| self.placed(e))
    }
}
