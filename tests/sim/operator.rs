//! The effect of each operation of a plan: the actions of the operator, and changes of the machines
//! and the network.

use std::collections::VecDeque;
use std::time::Duration;

use wxbox::delivery::{DeliverySource, TaggedSubmission, is_within_dedupe_window};
use wxbox::store::{self, Expiry, NewRecipient, Payload, RetryResult, Submission, UserUpdate};

use crate::check;
use crate::plan::{BARE, Form, Kind, Pick, Setup, USERS};
use crate::wechat::{Armed, FAULTS, MessageKey, Truth};
use crate::world::{APP, DAY, Queued, World};

impl World<'_> {
    /// Performs an operation of the plan.
    pub fn apply(&mut self, kind: Kind) {
        match kind {
            Kind::Advance(ms) => return self.advance(ms),
            Kind::Push(push, machine, is_late) => return self.push(push, machine, is_late),
            Kind::Send(to, form, key, expire_s, setup) => {
                let to = to.map_or((0..USERS).collect(), |user| vec![user]);
                let line = self.compose(&to, form, key, expire_s);
                let name = format!("send {form:?} m{} key {key:?} expire {expire_s:?}", self.next_number - 1);
                self.start_queueing(&name, setup, line.into_iter().collect());
            }
            Kind::Batch(lines, form, setup) => {
                let mut submissions = VecDeque::new();
                for line in 0..lines as usize {
                    let key = self.noise.pick(&[None, None, Some(1), Some(2)]);
                    submissions.extend(self.compose(&[line % (USERS + 1)], form, key, None));
                }
                self.start_queueing("send --batch", setup, submissions);
            }
            Kind::Flush(setup) => self.start("flush", setup, DeliverySource::Due, VecDeque::new()),
            Kind::Retry(pick, setup) => self.retry(pick, setup),
            Kind::Serve(setup) => self.serve(setup),
            Kind::Cancel(_) | Kind::CancelAll | Kind::Prune(..) | Kind::QuotaClear => self.change_outbox(kind),
            Kind::Unbind(user) | Kind::Bind(user, _) | Kind::Rename(user) | Kind::Remove(user) => {
                if !self.removed[user] {
                    self.change_user(user, kind);
                }
            }
            _ => self.hinder(kind),
        }
        let ms = self.noise.below(40) as i64;
        self.advance(ms);
    }

    fn start_queueing(&mut self, name: &str, setup: Setup, submissions: VecDeque<TaggedSubmission>) {
        if !submissions.is_empty() {
            self.start(name, setup, DeliverySource::Submissions(crossbeam_channel::never()), submissions);
        }
    }

    fn retry(&mut self, pick: Pick, setup: Setup) {
        check::states(self);
        let ids = match pick {
            Pick::Nth(nth) => self.rows_where(&format!("true ORDER BY id DESC LIMIT 1 OFFSET {nth}")),
            Pick::Failed => self.rows_where("state = 'failed' ORDER BY id"),
            Pick::Unknown => self.rows_where("state = 'unknown' ORDER BY id"),
        };
        let (now, mut requeued) = (self.clock(setup.machine), Vec::new());
        for id in ids {
            let result = self
                .with_store(|store| store.retry(APP, id, DAY, now.wall, |first| is_within_dedupe_window(first, &now)));
            let Some(RetryResult::Queued { may_duplicate, .. }) = self.succeeds("retry", result) else { continue };
            requeued.push(id);
            self.unknown.remove(&id);
            self.say(|| format!("retry of row {id}: may arrive twice: {may_duplicate}"));
            let mut warns_in_vain = false;
            self.change_truth(id, |truth| {
                warns_in_vain = may_duplicate && !truth.unanswered;
                (truth.retried, truth.requests, truth.not_before) = (true, 0, 0);
                truth.may_repeat += usize::from(may_duplicate);
            });
            self.violate(warns_in_vain, "b: the state is true", || format!("a retry of row {id} warns in vain"));
        }
        if !requeued.is_empty() {
            self.start("retry", setup, DeliverySource::Messages(requeued), VecDeque::new());
        }
    }

    fn change_outbox(&mut self, kind: Kind) {
        check::states(self);
        self.say(|| format!("{kind:?}"));
        let now = self.clock(0).wall;
        match kind {
            Kind::Cancel(nth) => {
                for id in self.rows_where(&format!("state = 'queued' ORDER BY id LIMIT 1 OFFSET {nth}")) {
                    let result = self.with_store(|store| store.cancel(APP, id, now));
                    self.succeeds("cancel", result).into_iter().for_each(|_| self.none_queued(&format!("id = {id}")));
                }
            }
            Kind::CancelAll => {
                let result = self.with_store(|store| store.cancel_all(APP, now));
                self.succeeds("cancel --all", result).into_iter().for_each(|_| self.none_queued("true"));
            }
            Kind::Prune(older_than_s, machine) => {
                let before = self.clock(machine).wall.minus(Duration::from_secs(older_than_s));
                let (finished, size) = (self.rows_where("state <> 'queued'"), check::size(self));
                let result = self.with_store(|store| store.prune(APP, before));
                self.succeeds("prune", result);
                check::short_transactions(self, size);
                let left = self.rows_where("state <> 'queued'");
                finished.into_iter().filter(|id| !left.contains(id)).for_each(|id| self.release(id));
            }
            _ => {
                let result = self.with_store(|store| store.make_due(APP, &[45009], now));
                self.succeeds("quota clear", result);
                self.wechat().messages.values_mut().for_each(|truth| truth.not_before = 0);
            }
        }
    }

    fn rows_where(&self, condition: &str) -> Vec<i64> {
        check::ids(&self.rig.raw, &format!("SELECT id FROM messages WHERE {condition}"))
    }

    /// Returns the result of a command. The command may fail only while another program keeps the
    /// database locked.
    fn succeeds<T>(&self, command: &str, result: store::Result<T>) -> Option<T> {
        let is_locked = self.lock_until.is_some();
        result
            .inspect_err(|error| {
                self.violate(!is_locked, "e: commands take effect", || format!("{command}: {error}"));
            })
            .ok()
    }

    /// Checks that none of these messages is queued without a process that sends it.
    fn none_queued(&self, condition: &str) {
        let left = self.rows_where(&format!(
            "{condition} AND state = 'queued'
             AND NOT EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND outcome IS NULL)"
        ));
        self.violate(!left.is_empty(), "e: commands take effect", || format!("rows {left:?} are still queued"));
    }

    /// Records that the operator has released a message and its key.
    fn release(&mut self, id: i64) {
        self.released.insert(id);
        self.change_truth(id, |truth| truth.key = None);
    }

    fn change_user(&mut self, user: usize, kind: Kind) {
        check::states(self);
        let (now, name, random) = (self.clock(0).wall, check::user_name(self, user), self.noise.next());
        let openid = if let Kind::Bind(_, phone) = kind { Some(format!("o{user}-{phone}")) } else { None };
        let done = self.with_store(|store| {
            let Some(row) = name.and_then(|name| store.user(&name, APP).ok().flatten()) else { return false };
            match (kind, &openid) {
                (Kind::Unbind(_), _) => store.unbind(&row, APP, now).is_ok(),
                (_, Some(openid)) => store.bind(&row, APP, openid, None, true, now).is_ok(),
                (Kind::Rename(_), _) => {
                    let (name, uid) = (format!("r{random}"), format!("{random:032}"));
                    let update = UserUpdate { rename: Some((&name, &uid)), ..UserUpdate::default() };
                    store.edit_user(&row, &update, APP).is_ok()
                }
                _ => store.remove_user(&row, APP).is_ok(),
            }
        });
        self.say(|| format!("{kind:?}: {}", if done { "done" } else { "fails" }));
        if done && matches!(kind, Kind::Remove(_)) {
            self.removed[user] = true;
            self.pushes.forget(user);
            let ids: Vec<i64> = self.ids.iter().filter(|(_, it)| it.1 == user).map(|(id, _)| *id).collect();
            ids.into_iter().for_each(|id| self.release(id));
        }
        if done && !matches!(kind, Kind::Rename(_)) {
            // The first `unbind` leaves a message with an attempt in flight; it is cancelled when it is due.
            let was_bound = std::mem::replace(&mut self.wechat().bound[user], openid.clone()).is_some();
            if openid.is_none() && was_bound {
                self.none_queued(&format!("user_id = {}", user + 1));
            }
        }
    }

    fn hinder(&mut self, kind: Kind) {
        self.say(|| format!("{kind:?}"));
        if self.rig.coverage && !matches!(kind, Kind::Arm(..)) {
            check::count(self, &format!("{kind:?}"));
        }
        let now = self.now();
        self.wechat().has_odd_times |=
            matches!(kind, Kind::Leap(..) | Kind::Freeze(..) | Kind::Suspend(..) | Kind::Reboot(_) | Kind::Pause(..));
        self.has_disk_faults |= matches!(kind, Kind::DiskFault(_));
        if let Kind::Kill(nth, _) | Kind::Terminate(nth) | Kind::NoThreads(nth) | Kind::Pause(nth, _) = kind {
            if let Some(index) = (nth as usize).checked_rem(self.processes.len()) {
                self.hinder_process(index, kind);
            }
            return;
        }
        match kind {
            Kind::Arm(name, times, host, token) => {
                let fault = *FAULTS.iter().find(|it| it.name == name).unwrap();
                self.wechat().armed.push(Armed { fault, times, host, token });
            }
            Kind::Revoke => self.wechat().revoke(),
            Kind::Leap(machine, ms) => {
                self.machines[machine].wall_offset = ms;
                self.wechat().clock_set = true;
            }
            Kind::Freeze(machine, ms) | Kind::Suspend(machine, ms) => {
                let it = &mut self.machines[machine];
                if it.stopped_until <= now {
                    it.stopped_until = now + ms;
                    *if matches!(kind, Kind::Freeze(..)) { &mut it.frozen } else { &mut it.suspended } += ms;
                    self.processes.iter_mut().filter(|it| it.setup.machine == machine).for_each(|it| it.deadline += ms);
                }
            }
            Kind::Reboot(machine) => {
                while let Some(victim) = self.processes.iter().position(|it| it.setup.machine == machine) {
                    self.kill(victim);
                }
                self.end_service(machine);
                let it = &mut self.machines[machine];
                (it.boot, it.boot_at, it.frozen, it.stopped_until) = (it.boot + 1, now, 0, now);
            }
            Kind::Lock(ms) if self.lock_until.is_none() => {
                self.rig.raw.execute_batch("BEGIN IMMEDIATE").unwrap();
                self.lock_until = Some(now + ms);
            }
            Kind::DiskFault(nth) => self.disk_fault = Some((nth, 20)),
            Kind::History if self.lock_until.is_none() => check::add_history(self),
            _ => {}
        }
    }

    fn hinder_process(&mut self, index: usize, kind: Kind) {
        let (now, it) = (self.now(), &mut self.processes[index]);
        match kind {
            Kind::Kill(_, after) => it.die_after = Some(after),
            Kind::NoThreads(_) => it.no_threads = true,
            Kind::Pause(_, ms) => {
                it.paused_until = it.paused_until.max(now + ms);
                it.deadline += ms;
            }
            _ => self.terminate(index),
        }
    }

    /// Returns a submission to the users who are bound, and records its content.
    fn compose(
        &mut self,
        to: &[usize],
        form: Form,
        key: Option<u8>,
        expire_s: Option<u64>,
    ) -> Option<TaggedSubmission> {
        let (now, first) = (self.now(), self.next_number);
        let mut platform = self.wechat();
        let bound = |user: usize| if user == BARE { Some("x".to_owned()) } else { platform.bound[user].clone() };
        let to: Vec<(usize, String)> = to.iter().filter_map(|user| Some((*user, bound(*user)?))).collect();
        let parts = if let Form::Parts(parts) = form { parts } else { 1 };
        for (part, (user, _)) in (0..parts).flat_map(|part| to.iter().map(move |it| (part, it))) {
            let (strict, has_fallback) = (expire_s.is_some(), form == Form::Fallback);
            let truth = Truth { key, part, strict, has_fallback, created: now, ..Truth::default() };
            platform.messages.insert(MessageKey(first + part, *user), truth);
        }
        drop(platform);
        self.next_number += parts;
        let text = |number: u64| Payload { kind: "text", json: format!(r#"{{"type":"text","content":"m{number}"}}"#) };
        let template = || {
            let (id, data) = (first % 2, format!(r#"{{"n":{{"value":"m{first}"}}}}"#));
            Payload { kind: "template", json: format!(r#"{{"type":"template","template_id":"T{id}","data":{data}}}"#) }
        };
        let has_id = matches!(form, Form::Template | Form::Fallback);
        let recipients = to.iter().map(|(user, openid)| NewRecipient {
            user_id: (*user != BARE).then_some(*user as i64 + 1),
            user: (*user != BARE).then(|| format!("u{user}")),
            openid: openid.clone(),
            client_msg_id: has_id.then(|| format!("{first:028}{user:04}")),
        });
        let submission = Submission {
            payload: if form == Form::Template { template() } else { text(first) },
            remaining_parts: (1..parts).map(|part| text(first + part)).collect(),
            files: Vec::new(),
            fallback: (form == Form::Fallback).then(template),
            recipients: recipients.collect(),
            key: key.map(|key| format!("k{key}")),
            expiry: Expiry { after: expire_s.map_or(DAY, Duration::from_secs), strict: expire_s.is_some() },
        };
        let recipients: Vec<usize> = to.into_iter().map(|it| it.0).collect();
        (!recipients.is_empty()).then(|| {
            self.queued.push(Queued { first, parts, recipients, may_skip: key.is_some() });
            TaggedSubmission { submission, correlation_id: None }
        })
    }
}
