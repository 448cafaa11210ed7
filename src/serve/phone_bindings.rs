//! Answers phones for `bind` processes, which leave their pending bindings in the database.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::Receiver;
use url::Url;

use crate::access_token::Account;
use crate::binding::{WechatExchange, follow_lookup};
use crate::callback::{
    BoundUser, CallbackEvent, CallbackRouter, CodeExchange, DomainVerificationFile, OAuthState, PendingBinding,
    SaveBinding, ShortLink,
};
use crate::clock::Timestamp;
use crate::http_server::{HttpResponse, Request};
use crate::store::{BindingProof, PendingOAuthBinding, Store};
use crate::t;
use crate::wechat::Client;

/// The number of ended bindings that are kept for phones that call twice or late.
const MAX_ENDED: usize = 64;

/// A pending binding of another process.
struct Entry {
    /// The row's ID.
    id: i64,
    binding: Arc<PendingBinding>,
    events: Receiver<CallbackEvent>,
    /// Whether the user is bound, so that a repeated call gets the same page.
    is_bound: bool,
    has_ended: bool,
}

/// The pending bindings of all `bind` processes that use a database.
pub struct PhoneBindings {
    redirect: Url,
    router: CallbackRouter,
    exchange: Arc<WechatExchange>,
    database: PathBuf,
    store: Arc<Mutex<Store>>,
    entries: Mutex<Vec<Entry>>,
    on_bound: Box<dyn Fn(BoundUser) + Send + Sync>,
}

impl PhoneBindings {
    /// Answers calls of the redirect address. `on_bound` is called with each user who is bound.
    ///
    /// # Errors
    ///
    /// The database cannot be opened.
    pub fn new(
        redirect: Url,
        verification_file: Option<DomainVerificationFile>,
        (client, account): (Client, Account),
        database: PathBuf,
        on_bound: impl Fn(BoundUser) + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let store = Arc::new(Mutex::new(Store::open(&database)?));
        let router = CallbackRouter::new(redirect.path(), verification_file);
        let exchange = Arc::new(WechatExchange { client, account });
        let (entries, on_bound) = (Mutex::default(), Box::new(on_bound));
        Ok(Self { redirect, router, exchange, database, store, entries, on_bound })
    }

    /// Answers a call of a phone.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        if let Err(error) = self.refresh() {
            // A phone whose binding is known still gets its answer.
            log::warn!("{error:#}");
        }
        let response = self.router.handle(request);
        self.process_events();
        response
    }

    /// Returns the path of the redirect address.
    pub fn path(&self) -> &str {
        self.redirect.path()
    }

    /// Returns whether requests with this path are for this module.
    pub fn matches(&self, path: &str) -> bool {
        self.router.is_own_path(path)
    }

    /// Answers all phones immediately, because this process ends: nothing is saved afterwards. The
    /// bindings stay in the database, so the next process can complete them.
    pub fn suspend(&self) {
        self.router.suspend();
    }

    /// Loads the changes from the database.
    fn refresh(&self) -> anyhow::Result<()> {
        let pending = {
            let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
            store.pending_oauth_bindings(&self.exchange.account.app_id, Timestamp::now())?
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries.iter_mut().filter(|entry| pending.iter().all(|row| row.id != entry.id)) {
            entry.has_ended = true;
            if !entry.is_bound {
                entry.binding.close();
            }
        }
        for row in pending {
            if entries.iter().all(|entry| entry.id != row.id) {
                let (id, (binding, events)) = (row.id, self.new_binding(row)?);
                self.router.add(Arc::clone(&binding));
                entries.push(Entry { id, binding, events, is_bound: false, has_ended: false });
            }
        }
        while entries.iter().filter(|entry| entry.has_ended).count() > MAX_ENDED {
            let Some(oldest) = entries.iter().position(|entry| entry.has_ended) else { break };
            self.router.remove(&entries.remove(oldest).binding);
        }
        Ok(())
    }

    fn new_binding(&self, row: PendingOAuthBinding) -> anyhow::Result<(Arc<PendingBinding>, Receiver<CallbackEvent>)> {
        let PendingOAuthBinding { id, user, proof, .. } = row;
        let BindingProof::OAuth { state, link, authorize_url } = proof else {
            anyhow::bail!(t!("bind-open"));
        };
        let exchange = Arc::clone(&self.exchange) as Arc<dyn CodeExchange>;
        let save = save_fn(Arc::clone(&self.store), id, user.username.clone());
        let (binding, events) =
            PendingBinding::new(OAuthState::from_stored(state), self.redirect.path(), exchange, save);
        let lookup = follow_lookup(Arc::clone(&self.exchange), self.database.clone(), user.uid);
        let mut binding = binding.with_follow_lookup(lookup);
        if let Some(link) = link.and_then(|link| Url::parse(&link).ok()) {
            binding = binding.with_short_link(ShortLink::from_stored(link, &authorize_url));
        }
        Ok((Arc::new(binding), events))
    }

    /// Records the events of the bindings, for the processes that wait.
    fn process_events(&self) {
        let events: Vec<(i64, CallbackEvent)> = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let mut events = Vec::new();
            for entry in entries.iter_mut() {
                for event in entry.events.try_iter() {
                    entry.is_bound |= matches!(event, CallbackEvent::Bound(_));
                    events.push((entry.id, event));
                }
            }
            events
        };
        for (id, event) in events {
            match event {
                CallbackEvent::Bound(bound) => (self.on_bound)(bound),
                CallbackEvent::Failed(error) => {
                    log::warn!("{error:#}");
                    let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Err(error) = store.fail_pending_binding(id, "account") {
                        log::warn!("{error}");
                    }
                }
                CallbackEvent::Unreachable(error) => log::warn!("{error:#}"),
                CallbackEvent::ShortLinkOpened | CallbackEvent::Rejected(_) | CallbackEvent::FollowChecked(_) => {}
            }
        }
    }
}

/// Returns the function that saves the binding before the phone gets its page.
fn save_fn(store: Arc<Mutex<Store>>, id: i64, username: String) -> SaveBinding {
    Box::new(move |identity| {
        let mut store = store.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::now();
        let name = store.complete_pending_binding(id, &identity.openid, identity.nickname.as_deref(), now)?;
        name.ok_or_else(|| anyhow::anyhow!(t!("bind-bound-elsewhere", user = username)))
    })
}
