//! Compares the config with the one that a running `serve` uses. If they differ, the answers of
//! `serve` say nothing about the config.

use std::path::PathBuf;

use url::Url;

use super::check::{Check, CheckName};
use crate::context::AppContext;
use crate::i18n::join_list;
use crate::serve::ServedConfig;
use crate::store::ServeLock;
use crate::t;

/// The keys that a reload does not change.
const RESTART_KEYS: [&str; 2] = ["serve.address", "listen.address"];

/// Returns whether `serve` answers with this status if it does not know an address, or rejects the
/// signature.
pub(super) fn is_rejection_of_serve(status: u16) -> bool {
    matches!(status, 403 | 404)
}

/// The config of a running `serve` that differs from the one that the doctor has read.
pub(super) struct OldServedConfig {
    keys: Vec<String>,
    /// The file that `serve` has read, if it is another one.
    other_path: Option<PathBuf>,
    own_path: Option<PathBuf>,
}

impl OldServedConfig {
    /// Returns the config if a `serve` is running whose config differs.
    pub(super) fn find(app: &AppContext) -> Option<Self> {
        let note = ServeLock::read_note(&app.config.database, app.app_id())?;
        let served = ServedConfig::parse(&note)?;
        let own = ServedConfig::new(app.config.path.as_deref(), app.config.served_values());
        let keys = own.differing_keys(&served);
        let own_path = own.path.clone();
        let other_path = served.path.filter(|path| Some(path) != own_path.as_ref());
        (!keys.is_empty()).then_some(Self { keys, other_path, own_path })
    }

    /// Returns the warning.
    pub(super) fn check(&self) -> Check {
        let keys = join_list(&self.keys);
        let detail = match (&self.other_path, &self.own_path) {
            (Some(path), _) => t!("doctor-served-other", path = path, keys = keys),
            (None, Some(path)) => t!("doctor-served-old", path = path, keys = keys),
            (None, None) => t!("doctor-served-differs", keys = keys),
        };
        Check::warning(CheckName::ServedConfig, detail, self.fix())
    }

    /// Returns the finding for a request that `serve` rejected because of its old config, so that
    /// the finding names no other program.
    pub(super) fn explain(&self, check: CheckName, url: &Url) -> Check {
        Check::failure(check, t!("doctor-served-unknown-url", url = url.as_str()), self.fix())
    }

    fn fix(&self) -> String {
        let needs_restart = self.keys.iter().any(|key| RESTART_KEYS.contains(&key.as_str()));
        match &self.other_path {
            Some(_) => t!("doctor-served-other-fix"),
            None if needs_restart => t!("doctor-served-restart-fix"),
            None => t!("doctor-served-reload-fix"),
        }
    }
}
