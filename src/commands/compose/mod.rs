//! What is sent and to whom, settled before anything is queued: for `send`, a line of its batch, and `run`.

pub(in crate::commands) mod content;
mod fallback;
pub(in crate::commands) mod fields;
pub(in crate::commands) mod kinds;
pub(in crate::commands) mod notes;
pub(in crate::commands) mod recipients;
mod split;

use crossbeam_channel::bounded;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::app::App;
use crate::cli::How;
use crate::commands::template_fields::Known;
use crate::config::Origin;
use crate::delivery::{Tagged, Work};
use crate::error::Failure;
use crate::store::{Attachment, Body, Expiry, NewMessage, Parcel, Store};
use crate::t;
use crate::token::Account;
use crate::ui::Ui;
use crate::wechat::message::{Content, TEXT_LIMIT};
use notes::Notes;
use recipients::Recipient;

/// What is to be said: a content, and what goes with it.
pub(super) struct Said {
    pub(super) content: Content,
    /// What comes after it, part by part.
    parts: Vec<Content>,
    /// The files that it names.
    files: Vec<Attachment>,
    /// What its template was called; without a name it goes by its id.
    name: Option<String>,
    /// Whom it names itself.
    touser: Option<String>,
}

impl From<Content> for Said {
    fn from(content: Content) -> Self {
        Self { content, parts: Vec::new(), files: Vec::new(), name: None, touser: None }
    }
}

impl Said {
    /// The same, its template called so.
    pub(super) fn named(mut self, name: Option<&str>) -> Self {
        self.name = name.map(str::to_owned);
        self
    }

    /// The same as WeChat takes it: of a text that is too long the beginning, or all of it in parts if it may be split.
    ///
    /// # Errors
    /// With `--strict` it is too long.
    pub(super) fn fit(mut self, may_split: bool, notes: &mut Notes) -> Result<Self, Failure> {
        let Content::Text { content, kf_account } = &mut self.content else { return Ok(self) };
        if content.len() <= TEXT_LIMIT {
            return Ok(self);
        }
        if may_split {
            let part = |text: &str| Content::Text { content: text.to_owned(), kf_account: kf_account.clone() };
            let mut parts = split::parts(content, TEXT_LIMIT).into_iter().map(part);
            let first = parts.next();
            self.parts = parts.collect();
            self.content = first.unwrap_or(self.content);
        } else {
            let (length, limit) = (content.len(), TEXT_LIMIT);
            let what = match notes.strict() {
                true => t!("send-text-long", length = length, limit = limit),
                false => t!("send-text-cut", length = length, limit = limit),
            };
            notes.add(what, Some(t!("send-text-split-hint")))?;
            *content = split::beginning(content, TEXT_LIMIT);
        }
        Ok(self)
    }

    /// Whether it is for these.
    ///
    /// # Errors
    /// It names somebody else.
    pub(super) fn is_for(&self, to: &[Recipient]) -> Result<(), Failure> {
        match (&self.touser, to.iter().find(|one| Some(&one.openid) != self.touser.as_ref())) {
            (Some(touser), Some(other)) => {
                let what = t!("send-touser", touser = touser, openid = other.openid);
                Err(Failure::usage(what).hint(t!("send-touser-hint")))
            }
            _ => Ok(()),
        }
    }
}

/// What is to be said, and how.
pub(super) struct Saying<'a> {
    pub(super) said: Said,
    /// What there is to warn about so far.
    pub(super) notes: Notes,
    pub(super) how: &'a How,
}

/// So many messages WeChat takes in a row. Page: doc/service/guide/product/kf/intro.html.
const IN_A_ROW: usize = 5;

/// The message for all of them, its template and fallback looked up.
///
/// # Errors
/// There is no such template, or its fields are others.
pub(super) fn parcel(
    ui: &mut Ui,
    app: &App,
    store: &mut Store,
    account: Option<&Account>,
    saying: Saying<'_>,
    to: Vec<Recipient>,
) -> anyhow::Result<Parcel> {
    let Saying { mut said, mut notes, how } = saying;
    said.is_for(&to)?;
    let mut known = Known::default();
    fields::settle(app, store, account, &mut known, said.name.as_deref(), &mut notes, &mut said.content)?;
    let fallback = match &how.fallback {
        Some(name) => fallback::of(app, store, account, &mut known, name, &mut notes, &said.content)?,
        None => None,
    };
    notes.print(ui);
    let parts = said.parts.len() + 1;
    if parts > IN_A_ROW {
        ui.warn(&t!("send-split-many", parts = parts, limit = IN_A_ROW));
    }
    let to = recipients::without_declined(ui, app, store, &said.content, to)?;
    wrap(said, fallback, how.key.clone(), expiry(app), to)
}

/// How long a message is tried: what the command line says is kept to, even for what was not tried once.
pub(super) fn expiry(app: &App) -> Expiry {
    let setting = &app.config.send.expire_after;
    Expiry { after: setting.value, strict: matches!(setting.origin, Origin::Flag(_)) }
}

/// A parcel of that.
///
/// # Errors
/// The system gives no random numbers.
pub(super) fn wrap(
    said: Said,
    fallback: Option<Content>,
    key: Option<String>,
    expiry: Expiry,
    to: Vec<Recipient>,
) -> anyhow::Result<Parcel> {
    let deduplicated = said.content.is_deduplicated() || fallback.is_some();
    let to = to.into_iter().map(|one| {
        let client_msg_id = deduplicated.then(client_msg_id).transpose()?;
        let Recipient { user_id, user, openid, .. } = one;
        Ok(NewMessage { user_id, user, openid, client_msg_id })
    });
    let to = to.collect::<anyhow::Result<_>>()?;
    let body = |content: &Content| -> anyhow::Result<Body> {
        Ok(Body { kind: content.kind(), json: serde_json::to_string(content)? })
    };
    Ok(Parcel {
        body: body(&said.content)?,
        parts: said.parts.iter().map(body).collect::<anyhow::Result<_>>()?,
        files: said.files,
        fallback: fallback.as_ref().map(body).transpose()?,
        to,
        key,
        expiry,
    })
}

/// One parcel, and no more to come.
///
/// # Errors
/// None that can be met: the channel has room for it.
pub(super) fn work(parcel: Parcel) -> anyhow::Result<Work> {
    let (send, parcels) = bounded(1);
    send.send(Tagged { parcel, tag: None })?;
    Ok(Work::Parcels(parcels))
}

/// 128 random bits as 32 hex digits: a row number would repeat in a new or restored database, and WeChat
/// would drop a new message for an old one.
fn client_msg_id() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
