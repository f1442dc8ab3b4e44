//! A list that is made while it is written, one item at a time: a report of many thousand findings is never held as a
//! whole.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

/// How each item is made.
type Make<'m, T> = Box<dyn Fn(usize) -> Option<T> + 'm>;

/// A list of `T`, made one by one.
pub(super) struct Each<'m, T> {
    make: Make<'m, T>,
}

impl<'m, T> Each<'m, T> {
    /// Of every item of a slice, with its number.
    pub(super) fn of<I>(items: &'m [I], make: impl Fn(usize, &I) -> T + 'm) -> Self {
        Self { make: Box::new(move |nth| items.get(nth).map(|item| make(nth, item))) }
    }
}

impl<T: Serialize> Serialize for Each<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..).map_while(|nth| (self.make)(nth)))
    }
}

impl<T> fmt::Debug for Each<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Each")
    }
}

/// Readers see a list like any other.
impl<T: JsonSchema> JsonSchema for Each<'_, T> {
    fn inline_schema() -> bool {
        Vec::<T>::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<T>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_as_the_list_would_be() {
        let each = Each::of(&["a", "b"], |nth, item| format!("{nth}{item}"));
        assert_eq!(serde_json::to_string(&each).unwrap(), r#"["0a","1b"]"#);
        assert_eq!(serde_json::to_string(&Each::of(&[] as &[u8], |nth, _| nth)).unwrap(), "[]");
    }
}
