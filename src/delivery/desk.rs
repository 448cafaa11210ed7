//! The desk: the one thread that decides and writes. Each time something has happened it has a turn, in which
//! all that ended is written down and all that can begin is begun, in one commit; then it waits for the next.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError};

use super::access::Access;
use super::board::{Board, Left, Lesson, Queued, Started};
use super::crew::{Crew, Job};
use super::locked::{self, Wait};
use super::pace::{Pace, Pause};
use super::uploads::Porter;
use super::waiting::Next;
use super::{Event, Orders, Tagged, Teller, Trouble, Work, settle_orphans};
use crate::secret::Secret;
use crate::store::{self, Alive, Answer, Store, Token, Who};
use crate::time::Moment;
use crate::wechat::{Client, ServerClock};

/// Parcels that are queued in one turn, at most: those of a batch have one message each.
const PARCELS: usize = 64;

/// Delivers until there is nothing left to do for this run. What takes time to close, and that a process need not
/// close before it leaves, comes back.
pub(super) fn run(
    store: Store,
    alive: Alive,
    client: Client,
    orders: Orders,
    work: Work,
    stopped: Receiver<Instant>,
    tell: &Arc<Teller>,
) -> (anyhow::Result<()>, Store, Crew) {
    let clock = client.clock();
    let access = Access::new(orders.account.clone(), client.clone(), &store);
    let (pace, pause) = (Pace::new(orders.rate), Pause::new(orders.wait));
    let (parcels, ids, due) = match work {
        Work::Parcels(parcels) => (Some(parcels), Vec::new(), false),
        Work::Messages(ids) => (None, ids, false),
        Work::Due => (None, Vec::new(), true),
    };
    let deliver = orders.deliver;
    let board = Board::new(orders, ids, due);
    let (porter, crew) = (Porter::new(client.clone()), Crew::new(client));
    let (halted, deadline, said) = (!deliver, None, false);
    let mut desk = Desk {
        store,
        alive,
        board,
        crew,
        porter,
        access,
        pace,
        pause,
        parcels,
        stopped,
        tell,
        halted,
        cause: Answer::default(),
        deadline,
        said,
        clock,
        unrecorded: Vec::new(),
    };
    let result = desk.prepare().and_then(|()| desk.work()).and_then(|()| desk.rest());
    let result = result.map_err(|error| desk.broken(error)).and_then(|()| desk.tidy_up());
    let Desk { store, crew, .. } = desk;
    (result, store, crew)
}

pub(super) struct Desk<'a> {
    pub(super) store: Store,
    pub(super) alive: Alive,
    pub(super) board: Board,
    pub(super) crew: Crew,
    pub(super) porter: Porter,
    pub(super) access: Access,
    pub(super) pace: Pace,
    pub(super) pause: Pause,
    pub(super) parcels: Option<Receiver<Tagged>>,
    pub(super) stopped: Receiver<Instant>,
    pub(super) tell: &'a Arc<Teller>,
    /// Nothing more is sent.
    pub(super) halted: bool,
    /// Why: the account was refused, or WeChat is out of reach.
    pub(super) cause: Answer,
    /// Somebody wants to leave: what is under way has until then.
    pub(super) deadline: Option<Instant>,
    /// It was said that something is tried again.
    pub(super) said: bool,
    /// WeChat's clock.
    pub(super) clock: ServerClock,
    /// Attempts that ended in a turn that failed: the message, and whether WeChat took it.
    pub(super) unrecorded: Vec<(i64, bool)>,
}

/// What a turn leaves to do once it is committed.
#[derive(Default)]
struct Turned {
    left: Vec<Left>,
    queued: Queued,
    taken: Option<u64>,
    started: Vec<Started>,
    lessons: Vec<Lesson>,
}

impl Desk<'_> {
    /// What dead processes left is due, and so is what a clock that was set back keeps waiting.
    fn prepare(&mut self) -> anyhow::Result<()> {
        if self.board.due {
            settle_orphans(&mut self.store)?;
            self.store.sweep();
            let (app_id, now) = (&self.board.orders.account.app_id, Moment::now().at);
            self.store.heed_clock(app_id, now)?;
            let due = self.store.due(app_id, now)?;
            self.board.due = due > 0;
            self.tell.tell(Event::Queued(due));
        } else if !self.board.ranges.is_empty() {
            self.tell.tell(Event::Queued(self.board.ranges.len()));
        }
        Ok(())
    }

    /// Removes what is finished for long.
    fn tidy_up(&mut self) -> anyhow::Result<()> {
        let Orders { account, retain, .. } = &self.board.orders;
        let files = if self.board.shelf.used { self.store.forget_files() } else { Ok(()) };
        let forgotten = files.and_then(|()| match self.clock.now() {
            // Nothing is removed for its age by our clock alone.
            Some(server) => self.store.forget(&account.app_id, server, *retain),
            None => Ok(()),
        });
        match forgotten {
            // The next run does it: what was asked of this one is done.
            Err(store::Error::Busy { .. }) => Ok(()),
            done => Ok(done?),
        }
    }

    fn work(&mut self) -> anyhow::Result<()> {
        loop {
            self.listen()?;
            let token = self.token()?;
            let moved = self.turn(token.as_ref())?;
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return self.abandon();
            }
            if !moved {
                match self.next()? {
                    Next::Over => return Ok(()),
                    Next::Wait => self.wait(),
                    Next::Turn => {}
                }
            }
        }
    }

    /// Takes in what was heard, other than answers of WeChat to messages.
    fn listen(&mut self) -> anyhow::Result<()> {
        if let Ok(deadline) = self.stopped.try_recv() {
            self.deadline = Some(deadline);
        }
        match self.access.hear() {
            Ok(()) => Ok(()),
            Err(error) => self.no_token(error),
        }
    }

    /// The token, if something is to be sent and there is one.
    fn token(&mut self) -> anyhow::Result<Option<Token>> {
        if self.halted || self.deadline.is_some() || self.pause.until().is_some() || !self.has_work() {
            return Ok(None);
        }
        match self.access.token(&self.store) {
            Ok(token) => Ok(token),
            Err(error) => self.no_token(error).map(|()| None),
        }
    }

    fn has_work(&self) -> bool {
        let board = &self.board;
        let waits = board.later.is_due(Instant::now());
        waits
            || board.due
            || board.shelf.has_next()
            || !board.ready.is_empty()
            || !board.ranges.is_empty()
            || self.parcels.is_some()
    }

    /// Has a turn; whether anything came of it.
    fn turn(&mut self, token: Option<&Token>) -> anyhow::Result<bool> {
        let at = Instant::now();
        self.board.server = self.clock.now();
        let workers = self.crew.limit(self.board.orders.concurrency);
        let idle = workers.saturating_sub(self.board.flying.len());
        let done: Vec<_> = self.crew.done().try_iter().collect();
        let uploaded: Vec<_> = self.porter.done().try_iter().collect();
        let parcels = self.parcels();
        let may_take = token.is_some();
        let most = if may_take { self.pace.allows(at, idle + done.len()) } else { 0 };
        let Board { ready, shelf, .. } = &self.board;
        let nothing_waits = ready.is_empty() && !shelf.has_next() && !self.board.has_untaken(at);
        let nothing_came = done.is_empty() && uploaded.is_empty() && parcels.is_empty();
        if nothing_came && (most == 0 || nothing_waits) {
            return Ok(false);
        }
        let now = Moment::now();
        let ended: Vec<_> = done.iter().map(|done| (done.id, done.delivered.result.is_ok())).collect();
        let token_at = token.map(|token| token.fetched_at);
        let durable = most > 0 || !parcels.is_empty();
        let Desk { store, board, alive, tell, stopped, deadline, .. } = self;
        let app_id = board.orders.account.app_id.clone();
        let who = Who { app_id: &app_id, worker: alive.name(), now: &now, server: board.server };
        let (database, messages, patience) = (store.path().to_owned(), board.flying.len(), store.patience());
        let mut wait = Wait { tell, database, messages, patience, stopped, deadline, begun: at, said: false };
        let waited = Cell::new(false);
        let goes_on = || {
            waited.set(true);
            wait.goes_on()
        };
        let result = store.turn_when(who, durable, patience.min(locked::LOOK), goes_on, |turn| {
            let mut out = Turned::default();
            for done in done {
                out.lessons.extend(board.landed(turn, done, &now, &mut out.left)?);
            }
            for it in uploaded {
                out.lessons.extend(board.uploaded(turn, it, &now, &mut out.left)?);
            }
            if may_take {
                board.heed_others(turn)?;
            }
            for tagged in &parcels {
                let takes = may_take && !waited.get() && out.lessons.is_empty();
                board.queue(turn, tagged, takes, &mut out.queued)?;
                out.taken = tagged.tag;
            }
            // Learnt in this very turn: nothing more begins before it is heeded. Nor by a time that is past.
            if may_take && !waited.get() && out.lessons.iter().all(Lesson::lets_go_on) {
                board.take(turn, at)?;
                out.started = board.begin(turn, most, (&now, token_at), &mut out.left)?;
            }
            Ok::<_, Trouble>(out)
        });
        let out = result.map_err(|trouble| {
            self.unrecorded = ended;
            trouble.cause()
        })?;
        self.after(out, token.map(|token| &token.token)).map(|moved| moved || waited.get())
    }

    /// What follows from a turn that is committed: requests, news, and what answers mean for all.
    fn after(&mut self, out: Turned, token: Option<&Secret>) -> anyhow::Result<bool> {
        let Turned { left, queued: Queued { count, duplicates, unbound }, taken, started, lessons } = out;
        let goes_on = lessons.iter().all(Lesson::lets_go_on);
        let moved = !(left.is_empty() && started.is_empty() && lessons.is_empty())
            || count + duplicates.len() + unbound.len() > 0;
        // The only one, with nothing to do or to tell meanwhile, is sent here: a thread takes longer to begin. Not one
        // with a tag, which whoever has to leave without this thread does not know.
        let alone = started.len() == 1
            && duplicates.is_empty()
            && unbound.is_empty()
            && self.board.flying.len() == 1
            && self.parcels.is_none()
            && self.board.tags.is_empty()
            && self.board.is_done();
        if count > 0 {
            let news = Event::Queued(count);
            if alone { self.tell.leave(news) } else { self.tell.tell(news) }
        }
        if let Some(tag) = taken {
            self.tell.tell(Event::Taken(tag));
        }
        self.pace.spend(started.len());
        if let Some(token) = token {
            let mut under_way = self.board.flying.len() - started.len();
            for Started { id, openid, client_msg_id, content } in started {
                under_way += 1;
                let token = token.clone();
                let job = Job { id, token, content, openid, client_msg_id };
                if alone {
                    self.crew.make(job);
                } else {
                    self.crew.take(job, under_way);
                }
            }
        }
        for (user, tag) in unbound {
            self.tell.tell(Event::Unbound { user, tag });
        }
        for (id, tag) in duplicates {
            // How one of this run's own ends is not known yet.
            if self.board.has(id) {
                self.board.twins.entry(id).or_default().push(tag);
            } else {
                self.tell_duplicate(id, tag)?;
            }
        }
        // Why a run ends comes before what it leaves.
        lessons.into_iter().for_each(|lesson| self.learn(lesson));
        left.into_iter().try_for_each(|left| self.tell_left(left))?;
        if let Some(token) = token.filter(|_| goes_on && !self.halted) {
            self.carry(token)?;
        }
        Ok(moved)
    }

    /// Begins the uploads that messages wait for.
    fn carry(&mut self, token: &Secret) -> anyhow::Result<()> {
        while let Some(wanted) = self.board.shelf.next() {
            let bytes = self.store.file(&wanted.key.sha256)?;
            self.porter.take(wanted, bytes, token.clone(), self.tell);
        }
        Ok(())
    }

    /// Parcels that wait to be queued, while there is room for their messages.
    fn parcels(&mut self) -> Vec<Tagged> {
        let mut taken = Vec::new();
        let (mut room, live) = (self.board.room(), self.deadline.is_none());
        // Where nothing is sent any more they are queued all the same: that is what was asked for.
        room += if self.halted { PARCELS } else { 0 };
        while live
            && taken.len() < PARCELS
            && room > 0
            && (self.halted || self.board.ranges.is_empty())
            && let Some(parcels) = &self.parcels
        {
            match parcels.try_recv() {
                Ok(tagged) => {
                    room = room.saturating_sub(tagged.parcel.to.len());
                    taken.push(tagged);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.parcels = None,
            }
        }
        taken
    }
}
