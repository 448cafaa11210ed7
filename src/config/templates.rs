//! The tables `[templates.NAME]`: aliases of message templates, with default values.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::document::Section;
use super::error::{Error, Expected};
use super::origin::Setting;
use super::{MiniprogramPage, TemplateAlias, TemplateDataValue, values};

/// Reads all templates of the file by their alias.
pub(super) fn read_templates(root: &Section<'_>) -> Result<BTreeMap<String, TemplateAlias>, Error> {
    let all = root.section("templates");
    let entry = |name: &str| Ok((name.to_owned(), read_template(&all, name)?));
    all.names().into_iter().map(entry).collect()
}

fn read_template(all: &Section<'_>, name: &str) -> Result<TemplateAlias, Error> {
    let section = all.section(name);
    let missing_partner =
        |partner: String| Error::MissingPartner { key: all.key(name), partner, origin: all.origin(name) };
    let data = section.section("data");
    Ok(TemplateAlias {
        id: section
            .text("id", values::parse_single_line, Expected::Text)?
            .ok_or_else(|| missing_partner(section.key("id")))?,
        url: section.text("url", values::parse_link, Expected::HttpUrl)?,
        miniprogram: read_miniprogram(&section)?,
        data: data
            .names()
            .into_iter()
            .map(|key| Ok((key.to_owned(), read_data_value(&data, key)?)))
            .collect::<Result<_, Error>>()?,
    })
}

fn read_miniprogram(template: &Section<'_>) -> Result<Option<Setting<MiniprogramPage>>, Error> {
    let Some((_, origin)) = template.get("miniprogram") else { return Ok(None) };
    let section = template.section("miniprogram");
    let missing_partner = || Error::MissingPartner {
        key: template.key("miniprogram"),
        partner: section.key("appid"),
        origin: origin.clone(),
    };
    let appid = section.text("appid", values::parse_app_id, Expected::AppId)?.ok_or_else(missing_partner)?.value;
    let pagepath = section.text("pagepath", values::parse_single_line, Expected::Text)?.map(|page| page.value);
    Ok(Some(Setting::new(MiniprogramPage { appid, pagepath }, origin)))
}

/// Reads text, a number, or a table of one of them and a color.
fn read_data_value(data: &Section<'_>, key: &str) -> Result<Setting<TemplateDataValue>, Error> {
    let origin = data.origin(key);
    let invalid =
        || Error::InvalidValue { key: data.key(key), origin: origin.clone(), expected: Expected::TemplateData };
    let (value, color) = match data.get(key) {
        Some((DeValue::Table(_), _)) => {
            let section = data.section(key);
            (read_scalar(&section, "value"), section.text("color", values::parse_color, Expected::Color)?)
        }
        _ => (read_scalar(data, key), None),
    };
    let value = value.ok_or_else(invalid)?;
    Ok(Setting::new(TemplateDataValue { value, color: color.map(|color| color.value) }, origin))
}

/// Reads text, or a number with the digits of the file.
fn read_scalar(section: &Section<'_>, name: &str) -> Option<String> {
    match section.get(name)?.0 {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) => section.raw_text(name).map(str::to_owned),
        _ => None,
    }
}
