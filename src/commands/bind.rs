//! `wxbox bind`: take the port, show the URL and its QR code, wait for the phone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, bounded, select, tick};
use serde::Serialize;

use super::{password, port};
use crate::app::{App, openid, scope, warn_of_shared};
use crate::callback::{Callback, Event, Exchange, Keep, Person, Refusal, State};
use crate::cli::{Bind, Global, QrLook};
use crate::config::Flags;
use crate::error::{Exit, Failure, classify};
use crate::http::Limits;
use crate::secret::Secret;
use crate::signals::{Signal, Watch};
use crate::store::{Store, User};
use crate::t;
use crate::time::Timestamp;
use crate::token::Account;
use crate::ui::{self, Look, QrFile, Ui, Waiting};
use crate::wechat::{self, Client, Grant, authorize_url};
use crate::words::span;

/// Phones call back twice; the second call finds the listener still there.
const LINGER: Duration = Duration::from_secs(2);

/// How long the nickname may take.
const NICKNAME: Duration = Duration::from_millis(1500);

/// Refusals that are about the code, not about the account: doc/service/api/webdev/access/api_snsaccesstoken.
const CODE_REFUSALS: [i64; 4] = [40029, 40163, 41008, 42003];

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Shown<'a> {
    AuthorizeUrl { user: &'a str, url: &'a str },
    Bound { user: &'a str, openid: &'a str, nickname: Option<&'a str> },
    Timeout { user: &'a str },
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::AuthorizeUrl { url, .. } => (*url).to_owned(),
            Self::Bound { user, openid, nickname: Some(name) } => {
                t!("bind-bound-name", user = *user, openid = *openid, name = *name)
            }
            Self::Bound { user, openid, nickname: None } => t!("bind-bound", user = *user, openid = *openid),
            Self::Timeout { .. } => String::new(),
        })
    }
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: Bind) -> anyhow::Result<Exit> {
    args.listen.as_deref().map(port::address).transpose()?;
    let qr_file = args.qr_file.as_deref().map(QrFile::new).transpose()?;
    let openid = args.openid.as_deref().map(openid).transpose()?;
    let flags =
        Flags { listen: args.listen.clone(), scope: args.scope.map(scope), timeout: args.timeout, ..Flags::default() };
    let app = App::open(ui, global, flags)?;
    let app_id = app.account_id()?;
    if let Some(openid) = openid {
        return by_hand(ui, &app, &app_id, openid, &args);
    }
    if app.config.listen.tls_cert.is_some() {
        return Err(Failure { exit: Exit::Config, what: t!("bind-tls"), hint: Some(t!("bind-tls-hint")) }.into());
    }
    let account = app.account()?;
    let redirect = app.config.redirect()?.clone();
    let listen = app.config.listen_address()?;
    let store = app.store()?;
    let user = app.user(&store, &args.user)?;
    check_unbound(&user, args.rebind)?;
    log_in(ui, &user, &args)?;
    let client = app.client()?;
    // From here on a signal ends the wait in good order, however early it comes.
    let signals = Watch::begin()?;
    let door = port::take(&listen, &Limits::callback(), &t!("bind-port-hint"))?;

    let state = State::new(&user.uid)?;
    let open_base = &app.config.network.open_base.value;
    let scope = app.config.scope.value.as_str();
    let url = authorize_url(open_base, &app_id, redirect.as_str(), scope, state.as_str());
    if let Some(file) = &qr_file {
        file.draw(&url).with_context(|| t!("bind-qr-file-failed", path = file.path()))?;
    }
    let keep = keeper(store, user.clone(), app_id, args.rebind);
    let exchange = Arc::new(WeChat { client, account });
    let (callback, events) = Callback::new(state, redirect.path(), &user.username, exchange, keep);
    let callback = Arc::new(callback);
    let running = door.open(move |request| callback.answer(&request)).context(t!("bind-open"))?;

    ui.data(&Shown::AuthorizeUrl { user: &user.username, url: &url })?;
    if let Some(file) = &qr_file {
        ui.status(&t!("bind-qr-file-drawn", path = file.path()));
    }
    let drawn = draw(ui, &url, args.qr) || qr_file.is_some();
    ui.status(&if drawn { t!("bind-scan", user = user.username) } else { t!("bind-visit", user = user.username) });
    let timeout = app.config.listen.timeout.value;
    let mut ended = wait(ui, timeout, &events, &signals)?;
    if let Ended::Bound(person) = &ended {
        told(ui, &app, &user, person)?;
        // The second call is answered by the listener; a signal ends the wait for it.
        select! {
            recv(signals.events) -> _ => {}
            recv(after(LINGER)) -> _ => {}
        }
        running.stop();
        return Ok(Exit::Done);
    }
    // A call that was under way may have made the binding after all, and its phone was told so.
    running.stop();
    for event in events.try_iter() {
        if let Event::Bound(person) = event {
            told(ui, &app, &user, &person)?;
            ended = Ended::Bound(person);
        }
    }
    over(ui, &user, timeout, &ended)
}

/// Says who was bound, and who else has that openid.
fn told(ui: &mut Ui, app: &App, user: &User, person: &Person) -> anyhow::Result<()> {
    let nickname = person.nickname.as_deref();
    ui.done(&Shown::Bound { user: &user.username, openid: &person.openid, nickname })?;
    warn_of_shared(ui, &app.store()?, app.app_id(), user, &person.openid)
}

/// The status of a wait that is over.
fn over(ui: &mut Ui, user: &User, timeout: Duration, ended: &Ended) -> anyhow::Result<Exit> {
    match ended {
        Ended::Bound(_) => Ok(Exit::Done),
        Ended::Stopped(signal) => {
            ui.status(&t!("ui-interrupted"));
            Ok(signal.exit())
        }
        Ended::TimedOut => {
            if ui.json() {
                ui.data(&Shown::Timeout { user: &user.username })?;
            }
            let time = span(timeout);
            let what = t!("bind-timeout", user = user.username, time = time);
            Err(Failure { exit: Exit::TimedOut, what, hint: Some(t!("bind-timeout-hint")) }.into())
        }
    }
}

fn by_hand(ui: &mut Ui, app: &App, app_id: &str, openid: &str, args: &Bind) -> anyhow::Result<Exit> {
    let mut store = app.store()?;
    let user = app.user(&store, &args.user)?;
    check_unbound(&user, args.rebind)?;
    keep(&mut store, &user, app_id, openid, None, args.rebind)?;
    warn_of_shared(ui, &store, app_id, &user, openid)?;
    ui.done(&Shown::Bound { user: &user.username, openid, nickname: None })?;
    Ok(Exit::Done)
}

fn check_unbound(user: &User, rebind: bool) -> Result<(), Failure> {
    match &user.binding {
        Some(binding) if !rebind => {
            let what = t!("bind-already", user = user.username, openid = binding.openid);
            Err(Failure::no_such(what).hint(t!("bind-already-hint")))
        }
        _ => Ok(()),
    }
}

/// The login of the person who is to be bound, where a password is set.
fn log_in(ui: &Ui, user: &User, args: &Bind) -> anyhow::Result<()> {
    let Some(hash) = user.password.as_deref().filter(|_| !args.as_admin) else { return Ok(()) };
    let given = if args.password_stdin {
        password::read()?
    } else if ui.in_terminal {
        ui::password(ui, &t!("bind-password-prompt", user = user.username), "")?
    } else {
        return Err(Failure::usage(t!("bind-password-missing", user = user.username))
            .hint(t!("bind-password-missing-hint"))
            .into());
    };
    if password::check(&given, hash) {
        return Ok(());
    }
    let what = t!("bind-password-wrong", user = user.username);
    Err(Failure { exit: Exit::Config, what, hint: Some(t!("bind-password-wrong-hint")) }.into())
}

/// Stores the binding before the phone is told of it.
fn keeper(store: Store, user: User, app_id: String, rebind: bool) -> Keep {
    let mut store = store;
    Box::new(move |person| keep(&mut store, &user, &app_id, &person.openid, person.nickname.as_deref(), rebind))
}

fn keep(
    store: &mut Store,
    user: &User,
    app_id: &str,
    openid: &str,
    nickname: Option<&str>,
    rebind: bool,
) -> anyhow::Result<()> {
    match store.bind(user, app_id, openid, nickname, rebind, Timestamp::now()) {
        Ok(true) => Ok(()),
        // Bound by somebody else since we looked.
        Ok(false) => {
            Err(Failure::no_such(t!("bind-meanwhile", user = user.username)).hint(t!("bind-already-hint")).into())
        }
        // A binding needs its person: the database refuses one for somebody who was removed since we looked.
        Err(_) if store.user(&user.username, app_id).is_ok_and(|found| found.is_none()) => {
            Err(Failure::no_such(t!("bind-removed", user = user.username)).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Draws the code where it is wanted and can be scanned; whether it was.
fn draw(ui: &mut Ui, url: &str, qr: QrLook) -> bool {
    let look = match qr {
        QrLook::None => None,
        QrLook::Unicode => Some(Look::Unicode),
        QrLook::Ascii => Some(Look::Ascii),
        QrLook::Auto => ui.is_watched().then(|| ui.look()),
    };
    look.is_some_and(|look| ui.qr(url, look))
}

/// How a wait ended.
enum Ended {
    Bound(Person),
    Stopped(Signal),
    TimedOut,
}

fn wait(ui: &mut Ui, timeout: Duration, events: &Receiver<Event>, signals: &Watch) -> anyhow::Result<Ended> {
    let waiting = Waiting::begin(ui, &t!("bind-waiting"), timeout);
    let (second, end) = (tick(Duration::from_secs(1)), after(timeout));
    loop {
        select! {
            recv(events) -> event => match event? {
                Event::TurnedAway(why) => log::info!("{}", t!("bind-turned-away", why = why.to_string())),
                Event::Unreachable(error) => ui.warn(&t!("bind-unreachable", cause = classify(&error).what)),
                Event::Failed(error) => return Err(error),
                Event::Bound(person) => return Ok(Ended::Bound(person)),
            },
            recv(second) -> _ => waiting.tick(),
            recv(signals.events) -> signal => return Ok(Ended::Stopped(signal?)),
            recv(end) -> _ => return Ok(Ended::TimedOut),
        }
    }
}

/// The code's exchange over the WeChat client.
struct WeChat {
    client: Client,
    account: Account,
}

impl Exchange for WeChat {
    fn person(&self, code: &Secret) -> Result<Person, Refusal> {
        let grant =
            self.client.exchange_code(&self.account.app_id, &self.account.secret, code).map_err(|error| match error
                .refusal()
            {
                Some(refusal) if CODE_REFUSALS.contains(&refusal.errcode) => Refusal::Code { errcode: refusal.errcode },
                Some(refusal) if wechat::errcode::action(refusal.errcode) != wechat::errcode::Action::Backoff => {
                    Refusal::Fatal(error.into())
                }
                _ => Refusal::Unreachable(error.into()),
            })?;
        let nickname = if grant.userinfo && !grant.snapshot { self.nickname(&grant) } else { None };
        Ok(Person { openid: grant.openid, nickname, snapshot: grant.snapshot })
    }
}

impl WeChat {
    /// Only for the operator to see who bound: neither its failure nor its silence spoils anything, since
    /// the code is spent and the binding waits to be kept.
    fn nickname(&self, grant: &Grant) -> Option<String> {
        let (tell, answer) = bounded(1);
        let (client, grant) = (self.client.clone(), grant.clone());
        let asked = std::thread::Builder::new().name("nickname".into()).spawn(move || {
            // Nobody listens any more where it took too long.
            let _ = tell.send(client.nickname(&grant));
        });
        let cause = match asked.map(|_| answer.recv_timeout(NICKNAME)) {
            Ok(Ok(Ok(nickname))) => return nickname,
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(late)) => late.to_string(),
            Err(error) => error.to_string(),
        };
        log::info!("{}", t!("bind-no-nickname", cause = cause));
        None
    }
}
