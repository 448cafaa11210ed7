//! The tags of the account, and the people who have them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sandbox::call::parse_number;
use crate::sandbox::response::{ApiError, api_error};

/// The tag that every account has. Ids below [`FIRST_USER_TAG_ID`] belong to the platform.
const STARRED_TAG: (u32, &str) = (2, "星标组");
const SYSTEM_TAG_IDS: std::ops::RangeInclusive<u32> = 0..=2;
const FIRST_USER_TAG_ID: u32 = 100;
/// The maximum length of a name in bytes.
const MAX_NAME_BYTES: usize = 30;

#[derive(Debug)]
pub(in crate::sandbox) struct Tag {
    pub(in crate::sandbox) name: String,
    /// The indices of the people who have the tag.
    pub(in crate::sandbox) members: BTreeSet<usize>,
}

/// The tags of the account, by id.
#[derive(Debug)]
pub(in crate::sandbox) struct Tags {
    pub(in crate::sandbox) all: BTreeMap<u32, Tag>,
    pub(in crate::sandbox) next_id: u32,
}

impl Tags {
    /// Creates the tags of a new account.
    pub(in crate::sandbox) fn new() -> Self {
        let (id, name) = STARRED_TAG;
        let starred = Tag { name: name.to_owned(), members: BTreeSet::new() };
        Self { all: BTreeMap::from([(id, starred)]), next_id: FIRST_USER_TAG_ID }
    }

    /// Returns the ids of the tags of that person.
    pub(in crate::sandbox) fn tags_of(&self, person: usize) -> Vec<u32> {
        self.all.iter().filter(|(_, tag)| tag.members.contains(&person)).map(|(id, _)| *id).collect()
    }

    /// Removes every tag from that person.
    pub(in crate::sandbox) fn remove_person(&mut self, person: usize) {
        self.all.values_mut().for_each(|tag| {
            tag.members.remove(&person);
        });
    }

    /// Returns the name if it is valid and no other tag has it: 45158, 45157.
    pub(in crate::sandbox) fn check_name(&self, value: &Value) -> Result<String, ApiError> {
        let name = value.as_str().ok_or_else(|| api_error(47001))?;
        if name.len() > MAX_NAME_BYTES {
            return Err(api_error(45158));
        }
        let is_taken = self.all.values().any(|tag| tag.name == name);
        if name.trim().is_empty() || is_taken { Err(api_error(45157)) } else { Ok(name.to_owned()) }
    }

    /// Returns a tag with its id: 45159.
    pub(in crate::sandbox) fn get(&self, id: &Value) -> Result<(u32, &Tag), ApiError> {
        let id = parse_tag_id(id);
        self.all.get(&id).map(|tag| (id, tag)).ok_or_else(|| api_error(45159))
    }

    /// Returns the id of a tag that the account may change: 45058, 45159.
    pub(in crate::sandbox) fn user_tag_id(&self, id: &Value) -> Result<u32, ApiError> {
        let id = parse_tag_id(id);
        if SYSTEM_TAG_IDS.contains(&id) {
            return Err(api_error(45058));
        }
        if self.all.contains_key(&id) { Ok(id) } else { Err(api_error(45159)) }
    }
}

/// Parses an id, written as a number or in digits; an invalid one becomes an id that no tag has.
fn parse_tag_id(id: &Value) -> u32 {
    parse_number(id).unwrap_or(u32::MAX)
}
