//! The effect of each operation of a plan: the actions of the operator, and changes of the machines
//! and the network.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use wxbox::clock::Timestamp;
use wxbox::delivery::{DeliverySource, TaggedSubmission, is_within_dedupe_window};
use wxbox::store::{self, Expiry, NewRecipient, Payload, RetryResult, Store, Submission, User, UserUpdate};

use crate::check;
use crate::plan::{BARE, Form, Kind, Pick, Setup, USERS};
use crate::wechat::{Armed, Truth, locked, show};
use crate::world::{APP, DAY, Queued, World};

impl World<'_> {
    /// Performs an operation of the plan.
    pub fn apply(&mut self, kind: Kind) {
        match kind {
            Kind::Advance { ms } => return self.advance(ms),
            Kind::Push { push, machine } => return self.push(push, machine),
            Kind::Send { .. } | Kind::Batch { .. } | Kind::Flush(_) | Kind::Retry(..) => self.start_command(kind),
            Kind::Serve(setup) => self.serve(setup),
            Kind::Cancel(_) | Kind::CancelAll | Kind::Prune { .. } | Kind::QuotaClear => self.change_outbox(kind),
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

    fn start_command(&mut self, kind: Kind) {
        match kind {
            Kind::Send { user, form, key, expire_s, setup } => {
                let to: Vec<usize> = match user {
                    Some(user) => vec![user],
                    None => (0..USERS).collect(),
                };
                let line = self.submission(&to, form, key, expire_s);
                let name = format!("send {form:?} m{} key {key:?} expire {expire_s:?}", self.next_number - 1);
                self.start(
                    &name,
                    setup,
                    DeliverySource::Submissions(crossbeam_channel::never()),
                    line.into_iter().collect(),
                );
            }
            Kind::Batch { lines, form, setup } => {
                let mut submissions = VecDeque::new();
                for line in 0..usize::from(lines) {
                    let key = self.noise.pick(&[None, None, Some(1), Some(2)]);
                    submissions.extend(self.submission(&[line % (USERS + 1)], form, key, None));
                }
                self.start("send --batch", setup, DeliverySource::Submissions(crossbeam_channel::never()), submissions);
            }
            Kind::Flush(setup) => self.start("flush", setup, DeliverySource::Due, VecDeque::new()),
            Kind::Retry(pick, setup) => self.retry(pick, setup),
            _ => {}
        }
    }

    fn retry(&mut self, pick: Pick, setup: Setup) {
        check::states(self);
        let sql = match pick {
            Pick::Nth(nth) => format!("SELECT id FROM messages ORDER BY id DESC LIMIT 1 OFFSET {nth}"),
            Pick::Failed => "SELECT id FROM messages WHERE state = 'failed' ORDER BY id".to_owned(),
            Pick::Unknown => "SELECT id FROM messages WHERE state = 'unknown' ORDER BY id".to_owned(),
        };
        let ids = check::ids(&self.rig.raw, &sql);
        let (now, mut store, mut requeued) = (self.clock(setup.machine), self.rig.take_store(), Vec::new());
        for id in ids {
            let result = store.retry(APP, id, DAY, now.wall, |first| is_within_dedupe_window(first, &now));
            let Some(RetryResult::Queued { may_duplicate, .. }) = self.succeeds("retry", result) else { continue };
            requeued.push(id);
            self.unknown.remove(&id);
            let mut platform = locked(&self.platform);
            if let Some(message) = self.ids.get(&id) {
                platform.say(|| format!("retry of {}: may arrive twice: {may_duplicate}", show(*message)));
                if may_duplicate && platform.messages.get(message).is_some_and(|truth| !truth.unanswered) {
                    platform.violate("b: the state is true", format!("a retry of {} warns in vain", show(*message)));
                }
                if let Some(truth) = platform.messages.get_mut(message) {
                    truth.retried = true;
                    (truth.requests, truth.not_before) = (0, 0);
                    truth.may_repeat += usize::from(may_duplicate);
                }
            }
        }
        self.rig.pool.push(store);
        if !requeued.is_empty() {
            self.start("retry", setup, DeliverySource::Messages(requeued), VecDeque::new());
        }
    }

    fn change_outbox(&mut self, kind: Kind) {
        check::states(self);
        self.say(|| format!("{kind:?}"));
        let mut store = self.rig.take_store();
        let now = self.clock(0).wall;
        match kind {
            Kind::Cancel(nth) => {
                let sql = format!("SELECT id FROM messages WHERE state = 'queued' ORDER BY id LIMIT 1 OFFSET {nth}");
                for id in check::ids(&self.rig.raw, &sql) {
                    let done = self.succeeds("cancel", store.cancel(APP, id, now));
                    done.into_iter().for_each(|_| self.none_queued(&format!("id = {id}")));
                }
            }
            Kind::CancelAll => {
                let done = self.succeeds("cancel --all", store.cancel_all(APP, now));
                done.into_iter().for_each(|_| self.none_queued("true"));
            }
            Kind::QuotaClear => {
                self.succeeds("quota clear", store.make_due(APP, &[45009], now));
                locked(&self.platform).messages.values_mut().for_each(|truth| truth.not_before = 0);
            }
            Kind::Prune { older_than_s, machine } => {
                let before = self.clock(machine).wall.minus(Duration::from_secs(older_than_s));
                let sql = "SELECT id FROM messages WHERE state <> 'queued'";
                let (finished, before_prune) = (check::ids(&self.rig.raw, sql), check::size(self));
                self.succeeds("prune", store.prune(APP, before));
                check::short_transactions(self, before_prune);
                let left: BTreeSet<i64> = check::ids(&self.rig.raw, sql).into_iter().collect();
                for id in finished.into_iter().filter(|id| !left.contains(id)) {
                    self.release(id);
                }
            }
            _ => {}
        }
        self.rig.pool.push(store);
    }

    /// Returns the result of a command. The command may fail only while another program keeps the
    /// database locked.
    fn succeeds<T>(&self, command: &str, result: store::Result<T>) -> Option<T> {
        if let Err(error) = &result
            && self.lock_until.is_none()
        {
            locked(&self.platform).violate("e: commands take effect", format!("{command}: {error}"));
        }
        result.ok()
    }

    /// Checks that none of these messages is queued without a process that sends it.
    fn none_queued(&self, condition: &str) {
        let sql = format!(
            "SELECT id FROM messages WHERE {condition} AND state = 'queued'
             AND NOT EXISTS (SELECT 1 FROM attempts WHERE message_id = messages.id AND outcome IS NULL)"
        );
        for id in check::ids(&self.rig.raw, &sql) {
            locked(&self.platform).violate("e: commands take effect", format!("row {id} is still queued"));
        }
    }

    /// Records that the operator has released a message and its key.
    fn release(&mut self, id: i64) {
        self.released.insert(id);
        if let Some(message) = self.ids.get(&id) {
            locked(&self.platform).messages.entry(*message).and_modify(|truth| truth.key = None);
        }
    }

    fn change_user(&mut self, user: usize, kind: Kind) {
        check::states(self);
        let mut store = self.rig.take_store();
        let now = self.clock(0).wall;
        let row = check::user_name(&self.rig.raw, user).and_then(|name| store.user(&name, APP).ok().flatten());
        if let Some(row) = row {
            self.change_row(&mut store, (user, &row), kind, now);
        }
        self.rig.pool.push(store);
    }

    fn change_row(&mut self, store: &mut Store, (user, row): (usize, &User), kind: Kind, now: Timestamp) {
        let done = match kind {
            Kind::Unbind(_) => store.unbind(row, APP, now).is_ok().then_some(None),
            Kind::Bind(_, phone) => {
                let openid = format!("o{user}-{phone}");
                store.bind(row, APP, &openid, None, true, now).is_ok().then_some(Some(openid))
            }
            Kind::Rename(_) => {
                let (name, uid) = (format!("r{}", self.noise.next()), format!("{:032}", self.noise.next()));
                let _ = store.edit_user(row, &UserUpdate { rename: Some((&name, &uid)), ..UserUpdate::default() }, APP);
                None
            }
            _ => {
                let done = store.remove_user(row, APP).is_ok();
                if done {
                    self.removed[user] = true;
                    self.pushes.forget(user);
                    let ids: Vec<i64> = self.ids.iter().filter(|(_, it)| it.1 == user).map(|(id, _)| *id).collect();
                    ids.into_iter().for_each(|id| self.release(id));
                }
                done.then_some(None)
            }
        };
        self.say(|| format!("{kind:?}: {done:?}"));
        if let Some(openid) = done {
            // The first `unbind` leaves a message with an attempt in flight; it is cancelled when it is due.
            if openid.is_none() && locked(&self.platform).bound[user].is_some() {
                self.none_queued(&format!("user_id = {}", user + 1));
            }
            locked(&self.platform).bound[user] = openid;
        }
    }

    fn hinder(&mut self, kind: Kind) {
        self.say(|| format!("{kind:?}"));
        if self.rig.coverage && !matches!(kind, Kind::Arm { .. }) {
            check::count(self, &format!("{kind:?}"));
        }
        let now = self.now();
        locked(&self.platform).has_odd_times |= matches!(
            kind,
            Kind::Leap { .. } | Kind::Freeze { .. } | Kind::Suspend { .. } | Kind::Reboot(_) | Kind::Pause { .. }
        );
        self.has_disk_faults |= matches!(kind, Kind::DiskFault(_));
        let alive = self.processes.len() as u64;
        let nth = |n: u64| if alive > 0 { Some((n % alive) as usize) } else { None };
        match kind {
            Kind::Arm { fault, times, host, token } => {
                locked(&self.platform).armed.push(Armed { fault, times, host, token })
            }
            Kind::Revoke => locked(&self.platform).revoke(),
            Kind::Kill { process, after } => {
                if let Some(victim) = nth(process) {
                    self.processes[victim].die_after = Some(after);
                }
            }
            Kind::Terminate(process) => nth(process).into_iter().for_each(|it| self.terminate(it)),
            Kind::NoThreads(process) => nth(process).into_iter().for_each(|it| self.processes[it].no_threads = true),
            Kind::Pause { process, ms } => {
                if let Some(it) = nth(process).map(|it| &mut self.processes[it]) {
                    it.paused_until = it.paused_until.max(now + ms);
                    it.deadline += ms;
                }
            }
            Kind::Leap { machine, ms } => {
                self.machines[machine].wall_offset = ms;
                locked(&self.platform).clock_set = true;
            }
            Kind::Freeze { machine, ms } | Kind::Suspend { machine, ms } => {
                let it = &mut self.machines[machine];
                if it.stopped_until <= now {
                    it.stopped_until = now + ms;
                    let counter = if matches!(kind, Kind::Freeze { .. }) { &mut it.frozen } else { &mut it.suspended };
                    *counter += ms;
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
            Kind::Lock { ms } if self.lock_until.is_none() => {
                self.rig.raw.execute_batch("BEGIN IMMEDIATE").unwrap();
                self.lock_until = Some(now + ms);
            }
            Kind::DiskFault(nth) => self.disk_fault = Some((nth, 20)),
            Kind::History if self.lock_until.is_none() => check::add_history(self),
            _ => {}
        }
    }

    /// Returns a submission to the users who are bound, and records its content.
    fn submission(
        &mut self,
        to: &[usize],
        form: Form,
        key: Option<u8>,
        expire_s: Option<u64>,
    ) -> Option<TaggedSubmission> {
        let now = self.now();
        let mut platform = locked(&self.platform);
        let bound = |user: usize| if user == BARE { Some("x".to_owned()) } else { platform.bound[user].clone() };
        let recipients: Vec<(usize, String)> = to.iter().filter_map(|user| Some((*user, bound(*user)?))).collect();
        let parts = if let Form::Parts(parts) = form { u64::from(parts) } else { 1 };
        let first = self.next_number;
        self.next_number += parts;
        for (recipient, part) in recipients.iter().flat_map(|it| (0..parts).map(move |part| (it.0, part))) {
            let (strict, has_fallback) = (expire_s.is_some(), form == Form::Fallback);
            let truth = Truth { key, part, strict, has_fallback, created: now, ..Truth::default() };
            platform.messages.insert((first + part, recipient), truth);
        }
        drop(platform);
        let text = |number: u64| Payload { kind: "text", json: format!(r#"{{"type":"text","content":"m{number}"}}"#) };
        let template = || Payload {
            kind: "template",
            json: format!(
                r#"{{"type":"template","template_id":"T{}","data":{{"n":{{"value":"m{first}"}}}}}}"#,
                first % 2
            ),
        };
        let has_id = matches!(form, Form::Template | Form::Fallback);
        let new_recipients = recipients.iter().map(|(user, openid)| NewRecipient {
            user_id: (*user != BARE).then_some(*user as i64 + 1),
            user: (*user != BARE).then(|| format!("u{user}")),
            openid: openid.clone(),
            client_msg_id: has_id.then(|| format!("{first:028}{user:04}")),
        });
        let submission = Submission {
            payload: if form == Form::Template { template() } else { text(first) },
            parts: (1..parts).map(|part| text(first + part)).collect(),
            files: Vec::new(),
            fallback: (form == Form::Fallback).then(template),
            recipients: new_recipients.collect(),
            key: key.map(|key| format!("k{key}")),
            expiry: Expiry { after: expire_s.map_or(DAY, Duration::from_secs), strict: expire_s.is_some() },
        };
        let recipients: Vec<usize> = recipients.into_iter().map(|it| it.0).collect();
        (!recipients.is_empty()).then(|| {
            self.queued.push(Queued { first, parts, recipients, may_skip: key.is_some() });
            TaggedSubmission { submission, correlation_id: None }
        })
    }
}
