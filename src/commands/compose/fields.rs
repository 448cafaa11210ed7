//! Which template is meant, whether its fields are filled, and what WeChat makes of their values: looked at
//! before anything is queued.

use serde_json::{Map, Value};

use super::notes::Notes;
use crate::app::App;
use crate::commands::template_fields::{Known, Settled, Trouble};
use crate::commands::template_list::typed;
use crate::error::{Exit, Failure};
use crate::store::{Family, Store, Template};
use crate::t;
use crate::token::Account;
use crate::wechat::message::Content;
use crate::wechat::template::{Oddity, keys, oddities};
use crate::wechat::template_rules::{cut, findings, join, odd, said};

/// Puts the template's id into the content and checks the fields, if it is made of a template of a list: unknown and
/// missing keys are an error, values that WeChat refuses or does not show a warning. Without a name it goes by its id.
///
/// # Errors
/// There is no such template, or the fields are not the template's; with `--strict` a value is not what it must be.
pub(in crate::commands) fn settle(
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    known: &mut Known,
    name: Option<&str>,
    notes: &mut Notes,
    content: &mut Content,
) -> anyhow::Result<()> {
    let Some((family, template_id, data)) = listed(content) else { return Ok(()) };
    let own = template_id.clone();
    let name = name.unwrap_or(&own);
    let settled = known.settle(app, store, account, (name, family), data)?;
    notes.mention(known.notes());
    let template = match settled {
        Settled::Known(template) => {
            template_id.clone_from(&template.template_id);
            let odd_ones = oddities(&template.content);
            notes.mention(odd_ones.iter().filter(|it| matches!(it, Oddity::Misspelt(_))).map(odd));
            Some(template)
        }
        Settled::Unchecked { template_id: Some(id), cause } => {
            *template_id = id;
            notes.mention([t!("send-unchecked", name = name, cause = cause.report.what)]);
            None
        }
        Settled::Unchecked { template_id: None, cause: Trouble { report, passes } } => {
            let what = t!("send-template-unlisted", name = name, cause = report.what);
            // With its id it would have been queued until the trouble is over.
            let exit = if passes { Exit::Undelivered } else { report.exit };
            return Err(Failure { exit, what, hint: report.hint }.into());
        }
    };
    Ok(values((name, family), template.as_ref(), data, notes)?)
}

/// Which list the content's template is of, its id, and its fields.
fn listed(content: &mut Content) -> Option<(Family, &mut String, &mut Map<String, Value>)> {
    match content {
        Content::Template { template_id, data, .. } => Some((Family::Template, template_id, data)),
        Content::Subscribe { template_id, data, .. } => Some((Family::Subscription, template_id, data)),
        Content::Text { .. } | Content::Custom { .. } | Content::Once { .. } => None,
    }
}

/// Warns of what WeChat would refuse or not show, and cuts values that are too long for their fields. Where no key of
/// the template can be read, those that are given are all that is known.
///
/// # Errors
/// With `--strict` all of that.
fn values(
    (name, family): (&str, Family),
    template: Option<&Template>,
    data: &mut Map<String, Value>,
    notes: &mut Notes,
) -> Result<(), Failure> {
    let own = template.map(|template| keys(&template.content)).filter(|keys| !keys.is_empty());
    let given: Vec<String> = data.keys().cloned().collect();
    let keys = own.unwrap_or_else(|| given.iter().map(String::as_str).collect());
    let found = findings(&keys, data, notes.strict());
    if notes.strict() && !found.is_empty() {
        let hint = t!("send-fields-strict-hint", name = typed(name, family));
        return Err(Failure::usage(join(&found)).hint(hint));
    }
    cut(data, &found);
    notes.mention(said(&found));
    Ok(())
}
