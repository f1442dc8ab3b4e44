//! Who asks, and from where: values that the caller finds out, so that resolving reads nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Who asks, and from where: what tokens stand for.
#[derive(Debug, Clone, Default)]
pub struct Me {
    /// The local login name, `%u`.
    pub login: String,
    /// The home folder, `%d` and `~`.
    pub home: Option<PathBuf>,
    /// The numeric user id, `%i`.
    pub uid: u32,
    /// This machine's name, `%l`.
    pub host: String,
    /// What `${NAME}` stands for.
    pub environment: Environment,
}

/// Environment variables. They may be secret, and are never shown.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The value of a variable that is set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}
