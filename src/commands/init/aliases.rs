//! The sandbox's own templates, which `init --sandbox` gives short names.

use super::write::{InitAnswers, NewAlias};
use crate::sandbox::Scenario;
use crate::secret::Secret;
use crate::wechat::Client;
use crate::wechat::template::{HIDDEN_KEYS, keys};

/// The aliases of the templates of a sandbox, in the order of its scenario.
const SANDBOX_ALIASES: [&str; 2] = ["backup", "alert"];

/// Returns the aliases of the sandbox's own templates, unless the account has other templates or
/// the config has aliases of these names. A failure is ignored: the aliases are only a convenience.
pub(super) fn sandbox_aliases(answers: &InitAnswers, client: &Client, token: &Secret) -> Vec<NewAlias> {
    let Some(listed) = answers.sandbox.as_ref().and_then(|_| client.templates(token).ok()) else { return Vec::new() };
    let is_taken =
        |alias: &str| answers.existing.as_ref().is_some_and(|existing| existing.config.templates.contains_key(alias));
    let own = Scenario::default().templates;
    let pairs = SANDBOX_ALIASES.into_iter().zip(own).filter(|(alias, _)| !is_taken(alias));
    let found = pairs.filter_map(|(alias, own)| {
        let template = listed.iter().find(|template| template.template_id == own.id)?;
        let fields = keys(&template.content).into_iter().filter(|key| !HIDDEN_KEYS.contains(key));
        Some(NewAlias {
            alias,
            id: template.template_id.clone(),
            title: template.title.clone(),
            fields: fields.map(str::to_owned).collect(),
        })
    });
    found.collect()
}
