//! The questions, each with a line that says where the answer is found.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use url::Url;

use super::file::Answers;
use super::given::{self, Given};
use crate::commands::addresses;
use crate::config::{Environment, ListenAddress, is_usual_app_id, read_app_id, read_redirect_uri};
use crate::error::{Failure, classify};
use crate::line;
use crate::secret::{ExposeSecret, Secret};
use crate::t;
use crate::ui::{self, Ui, Wrong};
use crate::wechat::redirect::{is_private, troubles};
use crate::words::listed;

/// The port that is proposed: below 1024 one needs a right.
const PORT: u16 = 8080;
/// Characters of an AppSecret.
const SECRET: usize = 32;

/// Asks for all that is not given.
pub(super) fn answers(ui: &mut Ui, path: &Path, given: Given) -> anyhow::Result<Answers> {
    ui.status(&t!("init-begin", path = path));
    let at_home = given.sandbox.is_some();
    let app_id = match given.app_id {
        Some(app_id) => {
            warn_of_app_id(ui, &app_id);
            app_id
        }
        None => {
            ui.status(&if at_home { t!("init-where-sandbox") } else { t!("init-where-app-id") });
            app_id(ui)?
        }
    };
    let secret = match given.secret {
        Some(secret) => secret,
        None => secret(ui)?,
    };
    let redirect_uri = match given.redirect_uri {
        Some(uri) => uri,
        None => redirect_uri(ui, at_home)?,
    };
    let listen = match given.listen {
        None if redirect_uri.scheme() == "https" => Some(listen(ui)?),
        given => given,
    };
    Ok(Answers { app_id, secret, redirect_uri, listen, sandbox: given.sandbox, ca_file: given.ca_file })
}

pub(super) fn app_id(ui: &Ui) -> anyhow::Result<String> {
    let odd = RefCell::new(String::new());
    ui::text(ui, &t!("init-app-id"), None, move |typed| {
        if read_app_id(typed).is_none() {
            return Err(t!("init-must-be", expected = t!("init-expected-app-id")).into());
        }
        // Once more the same, and it is meant so.
        if is_usual_app_id(typed) || odd.replace(typed.to_owned()) == typed {
            return Ok(());
        }
        Err(t!("ui-cause", what = t!("doctor-app-id-odd", app_id = typed), cause = t!("init-app-id-again")).into())
    })
}

/// It may be right all the same.
pub(super) fn warn_of_app_id(ui: &mut Ui, app_id: &str) {
    if !is_usual_app_id(app_id) {
        let what = t!("doctor-app-id-odd", app_id = app_id);
        ui.warn(&t!("ui-cause", what = what, cause = t!("doctor-app-id-fix")));
    }
}

/// Nobody sees what was pasted: one of a wrong length is asked for again.
pub(super) fn secret(ui: &mut Ui) -> anyhow::Result<Secret> {
    loop {
        let typed = ui::unseen(ui, &t!("init-secret"))?;
        let secret = Secret::from(line::value(typed.expose_secret()));
        let length = secret.expose_secret().chars().count();
        if length == SECRET {
            return Ok(secret);
        }
        ui.warn(&t!("init-secret-length", length = length));
    }
}

/// The file with the certificate of whoever inspects TLS; `None` where somebody has none.
pub(super) fn ca_file(ui: &mut Ui, environment: &Environment) -> anyhow::Result<Option<PathBuf>> {
    ui.status(&t!("init-where-ca-file"));
    let own = environment.clone();
    let usable = move |typed: &str, environment: &Environment| -> anyhow::Result<PathBuf> {
        given::ca_file(&environment.typed(Path::new(typed), "--ca-file")?)
    };
    let check = move |typed: &str| usable(typed, &own).map(drop).map_err(|error| classify(&error).what.into());
    let typed = ui::text_or_none(ui, &t!("init-ca-file"), check)?;
    typed.map(|typed| usable(&typed, environment)).transpose()
}

fn redirect_uri(ui: &mut Ui, at_home: bool) -> anyhow::Result<Url> {
    ui.status(&t!("init-where-redirect"));
    let own = if at_home { vec![IpAddr::from([127, 0, 0, 1])] } else { addresses::reachable() };
    let first = own.first().map(|ip| proposal(*ip));
    if let (false, Some(ip)) = (at_home, own.first()) {
        ui.status(&if is_private(*ip) { t!("init-near") } else { t!("init-public") });
        let others: Vec<String> = own.iter().skip(1).map(|ip| proposal(*ip)).collect();
        if !others.is_empty() {
            ui.status(&t!("init-others", others = listed(others)));
        }
    }
    let typed = ui::text(ui, &t!("init-redirect"), first, move |typed| {
        let Some(uri) = read_redirect_uri(typed) else {
            let instead =
                Some(format!("http://{typed}")).filter(|it| !typed.contains("://") && read_redirect_uri(it).is_some());
            let said = match instead {
                Some(_) => t!("init-redirect-scheme"),
                None => t!("init-must-be", expected = t!("init-expected-redirect")),
            };
            return Err(Wrong { said, instead });
        };
        match troubles(&uri, at_home).into_iter().find(|it| !it.is_of_real_accounts()) {
            Some(trouble) => Err(trouble.said().into()),
            None => Ok(()),
        }
    })?;
    // The question let nothing else pass.
    Ok(read_redirect_uri(&typed).ok_or_else(|| Failure::usage(t!("init-redirect")))?)
}

/// An address that a phone can come back to.
fn proposal(ip: IpAddr) -> String {
    format!("http://{}/callback/", std::net::SocketAddr::new(ip, PORT))
}

fn listen(ui: &mut Ui) -> anyhow::Result<String> {
    ui.status(&t!("init-where-listen"));
    let default = std::net::SocketAddr::from(([127, 0, 0, 1], PORT)).to_string();
    ui::text(ui, &t!("init-listen"), Some(default), |typed| {
        let expected = || t!("init-must-be", expected = t!("init-expected-listen"));
        typed.parse::<ListenAddress>().map(drop).map_err(|_| expected().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_can_be_taken() {
        for (ip, uri) in
            [("192.168.1.20", "http://192.168.1.20:8080/callback/"), ("fd00::2", "http://[fd00::2]:8080/callback/")]
        {
            let proposed = proposal(ip.parse().unwrap());
            assert_eq!(proposed, uri);
            assert!(read_redirect_uri(&proposed).is_some());
        }
    }
}
