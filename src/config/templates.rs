//! The tables `[templates.NAME]`: message templates under names of one's own, with values to start from.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::document::Section;
use super::error::{Error, Expected};
use super::origin::Setting;
use super::{DataValue, Miniprogram, Template, values};

/// All templates of the file by their alias.
pub(super) fn read(root: &Section<'_>) -> Result<BTreeMap<String, Template>, Error> {
    let all = root.section("templates");
    let one = |name: &str| Ok((name.to_owned(), template(&all, name)?));
    all.names().into_iter().map(one).collect()
}

fn template(all: &Section<'_>, name: &str) -> Result<Template, Error> {
    let section = all.section(name);
    let needs = |partner: String| Error::Alone { key: all.key(name), partner, origin: all.origin(name) };
    let data = section.section("data");
    Ok(Template {
        id: section.text("id", values::line, Expected::Text)?.ok_or_else(|| needs(section.key("id")))?,
        url: section.text("url", values::link, Expected::Link)?,
        miniprogram: miniprogram(&section)?,
        data: data
            .names()
            .into_iter()
            .map(|key| Ok((key.to_owned(), data_value(&data, key)?)))
            .collect::<Result<_, Error>>()?,
    })
}

fn miniprogram(template: &Section<'_>) -> Result<Option<Setting<Miniprogram>>, Error> {
    let Some((_, origin)) = template.get("miniprogram") else { return Ok(None) };
    let section = template.section("miniprogram");
    let needs =
        || Error::Alone { key: template.key("miniprogram"), partner: section.key("appid"), origin: origin.clone() };
    let appid = section.text("appid", values::app_id, Expected::AppId)?.ok_or_else(needs)?.value;
    let pagepath = section.text("pagepath", values::line, Expected::Text)?.map(|page| page.value);
    Ok(Some(Setting::new(Miniprogram { appid, pagepath }, origin)))
}

/// `"text"`, a number, or a table of one of them and a colour.
fn data_value(data: &Section<'_>, key: &str) -> Result<Setting<DataValue>, Error> {
    let origin = data.origin(key);
    let wrong = || Error::Value { key: data.key(key), origin: origin.clone(), expected: Expected::Data };
    let (value, color) = match data.get(key) {
        Some((DeValue::Table(_), _)) => {
            let section = data.section(key);
            (plain(&section, "value"), section.text("color", values::color, Expected::Color)?)
        }
        _ => (plain(data, key), None),
    };
    let value = value.ok_or_else(wrong)?;
    Ok(Setting::new(DataValue { value, color: color.map(|color| color.value) }, origin))
}

/// Text, or a number with all the digits that were written.
fn plain(section: &Section<'_>, name: &str) -> Option<String> {
    match section.get(name)?.0 {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) => section.written(name).map(str::to_owned),
        _ => None,
    }
}
