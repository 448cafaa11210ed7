//! Delivery: store ⇄ WeChat. A run takes messages that are queued, sends several at a time, tries again what
//! may be tried again, and tells what came of each.
//!
//! One thread decides (`desk`): it alone writes to the database, a turn at a time, so that one wait for the disk
//! covers all attempts that begin together; it is there early, to make the HTTP client meanwhile (`hand`). Others
//! make the requests (`crew`), so that nothing waits for WeChat, and Ctrl-C for nobody. What follows from an answer
//! is in `policy`, when a message is due again in `schedule`. Any number of processes share the work: each marks what
//! it takes, and lives as long as its lock does.

mod access;
mod board;
mod crew;
mod desk;
mod endings;
mod hand;
mod landing;
mod later;
mod leaving;
mod lessons;
mod locked;
mod orphans;
mod pace;
mod parts;
pub mod policy;
mod schedule;
mod thread;
mod uploads;
mod waiting;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

pub use hand::{Hand, ReadyHand};
pub use orphans::settle_orphans;
pub use schedule::is_repeat_dropped;

use crate::store::{self, Alive, Message, Parcel, State, Store};
use crate::token::Account;

/// How a run goes about it.
#[derive(Clone, Debug)]
pub struct Orders {
    /// The account.
    pub account: Account,
    /// Requests at a time.
    pub concurrency: usize,
    /// Messages a second; 0 = no limit of ours.
    pub rate: u32,
    /// How long a message is tried, from its first failure, before it is left for later.
    pub wait: Duration,
    /// Attempts for one message; 0 = until it expires.
    pub max_attempts: u32,
    /// After this, what is finished is removed.
    pub retain: Duration,
    /// Whether anything is sent; else it is only queued.
    pub deliver: bool,
}

/// What a run is to deliver.
pub enum Work {
    /// Parcels as they come, until the other end is dropped: each is queued, then delivered.
    Parcels(Receiver<Tagged>),
    /// These messages, which are queued already.
    Messages(Vec<i64>),
    /// Whatever is due.
    Due,
}

/// A parcel, and what its sender knows it by.
pub struct Tagged {
    /// What is sent to whom.
    pub parcel: Parcel,
    /// Comes back with the messages of it.
    pub tag: Option<u64>,
}

/// What a run tells while it works.
#[derive(Debug)]
pub enum Event {
    /// A message as this run leaves it.
    Settled {
        /// As it stands.
        message: Box<Message>,
        /// The [`Tagged::tag`] of its parcel.
        tag: Option<u64>,
        /// It was there before, with the same key: nothing was queued.
        duplicate: bool,
    },
    /// A message is no longer there: the person was removed meanwhile.
    Gone {
        /// Its id.
        id: i64,
        /// Whether an attempt had begun.
        begun: bool,
        /// The [`Tagged::tag`] of its parcel.
        tag: Option<u64>,
    },
    /// Somebody was bound when the parcel was made, and no longer is: nothing was queued for them.
    Unbound {
        /// Their name.
        user: String,
        /// The [`Tagged::tag`] of the parcel.
        tag: Option<u64>,
    },
    /// So many messages are queued, all told.
    Queued(usize),
    /// The parcel of that tag is in the database, with all that came before it.
    Taken(u64),
    /// So many bytes of a file that messages wait for have left.
    Uploading {
        /// Its name.
        file: String,
        /// So far.
        done: u64,
        /// Of so many.
        whole: u64,
    },
    /// WeChat has answered to that file, or cannot be reached.
    Uploaded(String),
    /// Another process keeps the database locked, and it is waited for: of so many messages under way what comes of
    /// them has no other place.
    Locked {
        /// The database file.
        database: PathBuf,
        /// Messages under way.
        messages: usize,
    },
    /// An attempt has ended and the database would not take its outcome: the message must not be sent again as if nothing
    /// had happened.
    Unrecorded {
        /// Its id.
        id: i64,
        /// What is known of it, though the database does not say so.
        state: State,
        /// The [`Tagged::tag`] of its parcel.
        tag: Option<u64>,
        /// Why it could not be written down.
        cause: String,
    },
    /// Nothing goes through just now; it is tried again.
    Waiting(anyhow::Error),
    /// Nothing more can be sent: the account was refused, or WeChat cannot be reached.
    Stopped(anyhow::Error),
    /// So many messages of this run are left queued, and not told one by one.
    Left(usize),
    /// The run could not go on; the last event.
    Broken(anyhow::Error),
    /// The run is over, and all of it in the database; the last event.
    Over,
}

/// What goes wrong inside a turn.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Content(#[from] serde_json::Error),
}

impl Trouble {
    /// What went wrong itself, which knows its remedy.
    fn cause(self) -> anyhow::Error {
        match self {
            Self::Store(error) => error.into(),
            Self::Content(error) => error.into(),
        }
    }
}

/// A reader that is slow holds delivery up, not memory.
const UNREAD: usize = 128;

/// A run under way.
pub struct Run {
    /// What it tells, to its end.
    pub events: Receiver<Event>,
    stop: Sender<Instant>,
    database: PathBuf,
    worker: String,
}

/// Where a run tells its events.
struct Teller {
    events: Sender<Event>,
    ring: Box<dyn Fn() + Send + Sync>,
}

impl Teller {
    fn tell(&self, event: Event) {
        self.leave(event);
        (self.ring)();
    }

    /// The same for what can wait until somebody looks: waking who listens would take a processor from the request.
    fn leave(&self, event: Event) {
        // Nobody listens any more where the command has left.
        let _ = self.events.send(event);
    }
}

impl Run {
    /// Delivers that work. The run owns the store; what it leaves is in the database. `ring` is called for each
    /// event.
    ///
    /// # Errors
    /// The database's where no lock can be had beside it.
    pub fn begin(
        store: Store,
        hand: ReadyHand,
        orders: Orders,
        work: Work,
        ring: impl Fn() + Send + Sync + 'static,
    ) -> anyhow::Result<Self> {
        let (tell, events) = bounded(UNREAD);
        let (stop, stopped) = unbounded();
        let alive = Alive::begin(store.path())?;
        let (database, worker) = (store.path().to_owned(), alive.name().to_owned());
        hand.give(move |client| {
            let tell = Arc::new(Teller { events: tell, ring: Box::new(ring) });
            let (result, store, crew) = desk::run(store, alive, client, orders, work, stopped, &tell);
            // Before the process leaves: the last one to close the database moves the log into the file.
            drop(store);
            // Closing these would only be in its way, and nothing is lost with them.
            std::mem::forget(crew);
            tell.tell(result.map_or_else(Event::Broken, |()| Event::Over));
        });
        Ok(Self { events, stop, database, worker })
    }

    /// Leaves without the run, which hangs on an answer: what it was at may have arrived. The messages as they
    /// stand now.
    ///
    /// # Errors
    /// Only the database's own.
    pub fn forsake(&self) -> store::Result<Vec<Message>> {
        orphans::forsake(&self.database, &self.worker)
    }

    /// Begins no further message, and waits until then for the answers under way.
    pub fn stop(&self, until: Instant) {
        // A run that is over needs no stopping.
        let _ = self.stop.send(until);
    }
}
