//! The questions of `init`, each with a line that says where to find the answer.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use url::Url;

use super::draft;
use crate::config::{Environment, ListenAddress, looks_like_app_id, parse_app_id, parse_redirect_uri};
use crate::i18n::join_list;
use crate::net::{self, is_private};
use crate::report::classify;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::text_line;
use crate::ui::{self, InvalidAnswer, Ui};
use crate::wechat::redirect_uri::problems;

/// The suggested port; ports below 1024 need a privilege.
const DEFAULT_PORT: u16 = 8080;
/// The length of an AppSecret in characters.
const SECRET_LENGTH: usize = 32;

/// The answer that goes back to the previous question.
pub(super) const BACK: &str = "<";

/// The answer that a question proposes.
pub(super) enum Proposal {
    /// Enter accepts this answer, if there is one.
    Default(Option<String>),
    /// This answer was wrong, and can be edited.
    Editable(String),
}

/// Asks for a line of text; `None` if the user goes back.
fn ask_text(
    ui: &Ui,
    prompt: &str,
    proposal: Proposal,
    check: impl Fn(&str) -> Result<(), InvalidAnswer> + Send + 'static,
) -> anyhow::Result<Option<String>> {
    let check = move |typed: &str| if typed == BACK { Ok(()) } else { check(typed) };
    let typed = match proposal {
        Proposal::Default(default) => ui::prompt_text(ui, prompt, default, check)?,
        Proposal::Editable(text) => ui::prompt_edited_text(ui, prompt, &text, check)?,
    };
    Ok(Some(typed).filter(|typed| typed != BACK))
}

/// Asks for the AppID; `None` if the user goes back.
pub(super) fn ask_app_id(ui: &Ui, proposal: Proposal) -> anyhow::Result<Option<String>> {
    let last_unusual = RefCell::new(match &proposal {
        Proposal::Default(default) => default.clone().unwrap_or_default(),
        Proposal::Editable(_) => String::new(),
    });
    ask_text(ui, &t!("init-app-id"), proposal, move |typed| {
        if parse_app_id(typed).is_none() {
            return Err(t!("init-must-be", expected = t!("init-expected-app-id")).into());
        }
        // Entering the same unusual ID twice confirms it.
        if looks_like_app_id(typed) || last_unusual.replace(typed.to_owned()) == typed {
            return Ok(());
        }
        let message = t!("ui-cause", what = t!("doctor-app-id-odd", app_id = typed), cause = t!("init-app-id-again"));
        Err(InvalidAnswer::unless_repeated(message))
    })
}

/// Warns about an app ID that looks wrong; it may still be valid.
pub(super) fn warn_if_unusual_app_id(ui: &mut Ui, app_id: &str) {
    if !looks_like_app_id(app_id) {
        let message = t!("doctor-app-id-odd", app_id = app_id);
        ui.warn(&t!("ui-cause", what = message, cause = t!("doctor-app-id-fix")));
    }
}

/// Asks for the secret; `None` if the user goes back. The input is hidden, so a secret of a wrong
/// length is asked for again. Enter accepts `kept`, or else `known`, the secret of a sandbox.
pub(super) fn ask_secret(ui: &mut Ui, kept: Option<Secret>, known: Option<Secret>) -> anyhow::Result<Option<Secret>> {
    let prompt = match (&kept, &known) {
        (Some(_), _) => t!("init-secret-keep"),
        (None, Some(_)) => t!("init-secret-sandbox"),
        (None, None) => t!("init-secret"),
    };
    let proposed = kept.or(known);
    loop {
        let typed = match &proposed {
            Some(_) => ui::prompt_secret_or_keep(ui, &prompt)?,
            None => Some(ui::prompt_secret(ui, &prompt)?),
        };
        let Some(typed) = typed else { return Ok(proposed) };
        let secret = Secret::from(text_line::trim_value(typed.expose_secret()));
        if secret.expose_secret() == BACK {
            return Ok(None);
        }
        let length = secret.expose_secret().chars().count();
        if length == SECRET_LENGTH {
            return Ok(Some(secret));
        }
        ui.warn(&t!("init-secret-length", length = length));
    }
}

/// Asks for the CA certificate of a TLS inspection; `None` if there is none.
pub(super) fn ask_ca_file(ui: &mut Ui, environment: &Environment) -> anyhow::Result<Option<PathBuf>> {
    ui.status(&t!("init-where-ca-file"));
    let check_environment = environment.clone();
    let parse_path = move |typed: &str, environment: &Environment| -> anyhow::Result<PathBuf> {
        draft::absolute_ca_file(&environment.option_path(Path::new(typed), "--ca-file")?)
    };
    let check = move |typed: &str| {
        parse_path(typed, &check_environment).map(drop).map_err(|error| classify(&error).message.into())
    };
    let typed = ui::prompt_optional_text(ui, &t!("init-ca-file"), check)?;
    typed.map(|typed| parse_path(&typed, environment)).transpose()
}

/// Asks for the callback address; `None` if the user goes back. Enter accepts `present`, or else an
/// address of this machine.
pub(super) fn ask_redirect_uri(ui: &mut Ui, present: Option<Url>, is_sandbox: bool) -> anyhow::Result<Option<Url>> {
    ui.status(&t!("init-where-redirect"));
    let local_ips = if is_sandbox { vec![IpAddr::from([127, 0, 0, 1])] } else { net::local_addresses() };
    // No phone reaches the private address of a cloud server, so Enter must not accept it.
    let is_usable = |ip: &IpAddr| is_sandbox || !is_private(*ip) || !net::is_cloud_server(Path::new(net::FIRMWARE_DIR));
    let first = local_ips.first().filter(|ip| is_usable(ip)).map(|ip| suggested_redirect(*ip));
    if let (false, None, Some(ip)) = (is_sandbox, &present, local_ips.first()) {
        ui.status(&if is_private(*ip) { t!("init-near") } else { t!("init-public") });
        let shown = usize::from(first.is_some());
        let others: Vec<String> = local_ips.iter().skip(shown).map(|ip| suggested_redirect(*ip)).collect();
        if !others.is_empty() {
            ui.status(&t!("init-others", others = join_list(others)));
        }
    }
    let default = Proposal::Default(present.map(String::from).or(first));
    let typed = ask_text(ui, &t!("init-redirect"), default, move |typed| {
        let Some(uri) = parse_redirect_uri(typed) else {
            let suggestion = Some(format!("http://{typed}"))
                .filter(|url| !typed.contains("://") && parse_redirect_uri(url).is_some());
            let message = match suggestion {
                Some(_) => t!("init-redirect-scheme"),
                None => t!("init-must-be", expected = t!("init-expected-redirect")),
            };
            return Err(InvalidAnswer { message, suggestion, is_warning: false });
        };
        match problems(&uri, is_sandbox).into_iter().find(|problem| !problem.is_verified_only()) {
            Some(problem) => Err(problem.describe().into()),
            None => Ok(()),
        }
    })?;
    // The prompt accepts nothing else.
    Ok(typed.and_then(|typed| parse_redirect_uri(&typed)))
}

/// Suggests an address to which WeChat can redirect a phone.
fn suggested_redirect(ip: IpAddr) -> String {
    format!("http://{}/callback/", std::net::SocketAddr::new(ip, DEFAULT_PORT))
}

/// Asks where to listen; `None` if the user goes back.
pub(super) fn ask_listen(ui: &mut Ui, present: Option<String>) -> anyhow::Result<Option<String>> {
    ui.status(&t!("init-where-listen"));
    let default = || std::net::SocketAddr::from(([127, 0, 0, 1], DEFAULT_PORT)).to_string();
    ask_text(ui, &t!("init-listen"), Proposal::Default(Some(present.unwrap_or_else(default))), |typed| {
        let expected = || t!("init-must-be", expected = t!("init-expected-listen"));
        typed.parse::<ListenAddress>().map(drop).map_err(|_| expected().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_redirect_uri_is_valid() {
        for (ip, uri) in
            [("192.168.1.20", "http://192.168.1.20:8080/callback/"), ("fd00::2", "http://[fd00::2]:8080/callback/")]
        {
            let suggested = suggested_redirect(ip.parse().unwrap());
            assert_eq!(suggested, uri);
            assert!(parse_redirect_uri(&suggested).is_some());
        }
    }
}
