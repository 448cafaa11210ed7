//! The endpoints for tags: groups of followers that the account defines.
//!
//! developers.weixin.qq.com: doc/service/api/usermanage/tag/{api_createtag, api_gettags,
//! api_updatetag, api_deletetag, api_gettagfans, api_batchtagging, api_batchuntagging,
//! api_gettagidlist}

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sandbox::call::Call;
use crate::sandbox::response::{ApiError, ApiResult, api_error, ok};
use crate::sandbox::state::Platform;
use crate::sandbox::state::tags::Tag;

/// The maximum number of tags of an account.
const MAX_TAGS: usize = 100;
/// The maximum number of tags of one person.
const MAX_TAGS_PER_PERSON: usize = 20;
/// The maximum number of people of one call; no page documents it.
const MAX_BATCH: usize = 50;
/// A tag with more people than this cannot be deleted.
const MAX_DELETABLE_MEMBERS: usize = 100_000;

impl Platform {
    /// `POST /cgi-bin/tags/create`
    pub(in crate::sandbox) fn create_tag(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let name = self.tags.check_name(&body["tag"]["name"])?;
        if self.tags.all.len() >= MAX_TAGS {
            return Err(api_error(45056));
        }
        let id = self.tags.next_id;
        self.tags.next_id += 1;
        self.tags.all.insert(id, Tag { name: name.clone(), members: BTreeSet::new() });
        Ok(json!({"tag": {"id": id, "name": name}}))
    }

    /// `GET /cgi-bin/tags/get`
    pub(in crate::sandbox) fn list_tags(&mut self, _: &mut Call<'_>) -> ApiResult {
        let tag = |(id, tag): (&u32, &Tag)| json!({"id": id, "name": tag.name, "count": tag.members.len()});
        let list: Vec<Value> = self.tags.all.iter().map(tag).collect();
        Ok(json!({"tags": list}))
    }

    /// `POST /cgi-bin/tags/update`
    pub(in crate::sandbox) fn rename_tag(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let id = self.tags.user_tag_id(&body["tag"]["id"])?;
        let name = &body["tag"]["name"];
        if self.tags.all.get(&id).is_some_and(|tag| Some(tag.name.as_str()) != name.as_str()) {
            let name = self.tags.check_name(name)?;
            self.tags.all.entry(id).and_modify(|tag| tag.name = name);
        }
        Ok(ok())
    }

    /// `POST /cgi-bin/tags/delete`
    pub(in crate::sandbox) fn delete_tag(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let id = self.tags.user_tag_id(&body["tag"]["id"])?;
        if self.tags.all.get(&id).is_some_and(|tag| tag.members.len() > MAX_DELETABLE_MEMBERS) {
            return Err(api_error(45057));
        }
        self.tags.all.remove(&id);
        Ok(ok())
    }

    /// `POST /cgi-bin/user/tag/get`: the people with a tag, page by page, until a page is empty.
    pub(in crate::sandbox) fn list_tag_members(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let start = match body["next_openid"].as_str().unwrap_or_default() {
            "" => 0,
            openid => self.known_index(openid)? + 1,
        };
        let members = &self.tags.get(&body["tagid"])?.1.members;
        let followers = members.range(start..).filter_map(|person| self.people.get(*person));
        let page: Vec<&str> =
            followers.take(self.scenario.followers_a_page).map(|person| person.openid.as_str()).collect();
        match page.last() {
            None => Ok(json!({"count": 0})),
            Some(last) => Ok(json!({"count": page.len(), "data": {"openid": page}, "next_openid": last})),
        }
    }

    /// `POST /cgi-bin/tags/members/batchtagging`
    pub(in crate::sandbox) fn tag_people(&mut self, call: &mut Call<'_>) -> ApiResult {
        let (id, people) = self.parse_tagging(call)?;
        let is_full = |person: &usize| {
            let tags = self.tags.tags_of(*person);
            tags.len() >= MAX_TAGS_PER_PERSON && !tags.contains(&id)
        };
        if people.iter().any(is_full) {
            return Err(api_error(45059));
        }
        self.tags.all.entry(id).and_modify(|tag| tag.members.extend(people));
        Ok(ok())
    }

    /// `POST /cgi-bin/tags/members/batchuntagging`
    pub(in crate::sandbox) fn untag_people(&mut self, call: &mut Call<'_>) -> ApiResult {
        let (id, people) = self.parse_tagging(call)?;
        self.tags.all.entry(id).and_modify(|tag| tag.members.retain(|person| !people.contains(person)));
        Ok(ok())
    }

    /// Parses the id of the tag and the indices of the people that a call names.
    ///
    /// 45159, 40032; 49003 if a person does not exist, 43004 if one does not follow.
    fn parse_tagging(&self, call: &Call<'_>) -> Result<(u32, Vec<usize>), ApiError> {
        let body = call.json()?;
        let (id, _) = self.tags.get(&body["tagid"])?;
        let list = body["openid_list"].as_array().ok_or_else(|| api_error(47001))?;
        if list.is_empty() || list.len() > MAX_BATCH {
            return Err(api_error(40032));
        }
        let follower_index = |openid: &Value| {
            let index = openid.as_str().and_then(|openid| self.person_index(openid)).ok_or_else(|| api_error(49003))?;
            let follows = self.people.get(index).is_some_and(|person| person.follows);
            if follows { Ok(index) } else { Err(api_error(43004)) }
        };
        Ok((id, list.iter().map(follower_index).collect::<Result<_, _>>()?))
    }

    /// `POST /cgi-bin/tags/getidlist`: the tags of one person.
    pub(in crate::sandbox) fn list_tags_of_person(&mut self, call: &mut Call<'_>) -> ApiResult {
        let body = call.json()?;
        let openid = body["openid"].as_str().unwrap_or_default();
        let person = self.known_index(openid)?;
        call.openid = Some(openid.to_owned());
        Ok(json!({"tagid_list": self.tags.tags_of(person)}))
    }
}
