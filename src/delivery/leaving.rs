//! How a run leaves its messages: told as they stand, let go, or left to whoever has them.

use std::time::{Duration, Instant};

use super::board::Left;
use super::desk::Desk;
use super::{Event, settle_orphans};
use crate::store::{State, Who};
use crate::time::Moment;

/// How long after the deadline it is still told what is left.
const TELL: Duration = Duration::from_millis(200);

impl Desk<'_> {
    /// Looks at the messages of this run that other processes took; whether to look again.
    pub(super) fn has_elsewhere(&mut self) -> anyhow::Result<bool> {
        let ids = std::mem::take(&mut self.board.elsewhere);
        if ids.is_empty() {
            return Ok(false);
        }
        settle_orphans(&mut self.store)?;
        for id in ids {
            let app_id = &self.board.orders.account.app_id;
            match self.store.standing(app_id, id)? {
                Some((message, held)) if message.state == State::Queued && held => self.board.elsewhere.push(id),
                Some((message, _)) if message.state == State::Queued && message.due_at <= Moment::now().at => {
                    self.board.ranges.push_back((id, id));
                }
                Some(_) | None => {
                    self.tell_standing(id)?;
                    self.board.follow_elsewhere(id);
                }
            }
        }
        if self.board.elsewhere.is_empty() {
            return Ok(!self.board.ranges.is_empty());
        }
        // They are another's to finish; this run waits no longer for them than for its own.
        if self.pause.is_long_since_progress() {
            for id in std::mem::take(&mut self.board.elsewhere) {
                self.tell_standing(id)?;
            }
            return Ok(false);
        }
        Ok(true)
    }

    /// Lets go of what was taken and not begun.
    pub(super) fn let_go(&mut self) -> anyhow::Result<()> {
        let board = &mut self.board;
        let ready: Vec<i64> = board.ready.drain(..).chain(board.shelf.clear()).map(|held| held.message.id).collect();
        if !ready.is_empty() {
            let app_id = self.board.orders.account.app_id.clone();
            let who = Who { app_id: &app_id, worker: self.alive.name(), now: Moment::now().at };
            self.store.turn(who, true, |turn| turn.let_go(ready.iter().copied()))?;
            self.board.ranges.extend(ready.into_iter().map(|id| (id, id)));
        }
        Ok(())
    }

    /// Leaves what is under way.
    pub(super) fn abandon(&mut self) -> anyhow::Result<()> {
        let now = Moment::now();
        let Desk { store, board, alive, .. } = self;
        let app_id = board.orders.account.app_id.clone();
        let who = Who { app_id: &app_id, worker: alive.name(), now: now.at };
        let mut left = Vec::new();
        store.turn(who, true, |turn| board.abandon(turn, &now, &mut left))?;
        left.into_iter().try_for_each(|left| self.tell_left(left))
    }

    /// Tells of what is left queued.
    pub(super) fn rest(&mut self) -> anyhow::Result<()> {
        self.let_go()?;
        let blocked = self.blocked()?;
        let board = &mut self.board;
        let mut rest: Vec<(i64, i64)> = std::mem::take(&mut board.ranges).into();
        rest.extend(board.later.drain().map(|id| (id, id)));
        rest.extend(std::mem::take(&mut board.elsewhere).into_iter().chain(blocked).map(|id| (id, id)));
        rest.sort_unstable();
        if self.cause.error.is_some() {
            let Desk { store, board, alive, cause, .. } = self;
            let app_id = board.orders.account.app_id.clone();
            let who = Who { app_id: &app_id, worker: alive.name(), now: Moment::now().at };
            store.turn(who, true, |turn| rest.iter().try_for_each(|range| turn.explain(*range, cause)))?;
        }
        let mut untold = 0;
        for id in rest.into_iter().flat_map(|(first, last)| first..=last) {
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline + TELL) {
                untold += 1;
            } else {
                self.tell_standing(id)?;
            }
        }
        if untold > 0 {
            self.tell.tell(Event::Left(untold));
        }
        Ok(())
    }

    pub(super) fn tell_left(&mut self, left: Left) -> anyhow::Result<()> {
        match left {
            Left::Standing(id) => self.tell_standing(id),
            Left::Message(message) => {
                let (id, tag) = (message.id, self.board.tags.remove(&message.id));
                self.tell.tell(Event::Settled { message, tag, duplicate: false });
                self.tell_twins(id)
            }
        }
    }

    /// Tells how a message of this run stands.
    pub(super) fn tell_standing(&mut self, id: i64) -> anyhow::Result<()> {
        let tag = self.board.tags.remove(&id);
        self.tell_as(id, tag, false)?;
        self.tell_twins(id)
    }

    /// Tells how the message stands that was there before, with the same key.
    pub(super) fn tell_duplicate(&mut self, id: i64, tag: Option<u64>) -> anyhow::Result<()> {
        self.tell_as(id, tag, true)
    }

    /// Tells of what was asked for once more while that message was on its way.
    fn tell_twins(&mut self, id: i64) -> anyhow::Result<()> {
        let twins = self.board.twins.remove(&id).unwrap_or_default();
        twins.into_iter().try_for_each(|tag| self.tell_duplicate(id, tag))
    }

    fn tell_as(&mut self, id: i64, tag: Option<u64>, duplicate: bool) -> anyhow::Result<()> {
        let event = match self.store.message(&self.board.orders.account.app_id, id)? {
            Some(message) => Event::Settled { message: Box::new(message), tag, duplicate },
            None => Event::Gone { id, tag, begun: !self.board.unbegun.remove(&id) },
        };
        self.tell.tell(event);
        Ok(())
    }
}
