//! The packages: `.deb` and `.rpm` have the same files, which exist, and the tools that make them
//! have one version each.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use toml::Value;

use crate::support::files::read_project_file;

fn package_metadata(name: &str) -> toml::Table {
    let manifest: toml::Table = read_project_file("Cargo.toml").parse().unwrap();
    manifest["package"]["metadata"][name].as_table().unwrap().clone()
}

/// Returns the source of each file of the Debian package.
fn deb_sources() -> BTreeSet<String> {
    let assets = package_metadata("deb")["assets"].as_array().unwrap().clone();
    assets.iter().map(|asset| asset[0].as_str().unwrap().to_owned()).collect()
}

/// Returns the source of each file of the RPM package.
fn rpm_sources() -> BTreeSet<String> {
    let assets = package_metadata("generate-rpm")["assets"].as_array().unwrap().clone();
    assets.iter().map(|asset| asset["source"].as_str().unwrap().to_owned()).collect()
}

/// Returns the number of files that match a pattern with at most one `*`, in the file name.
fn matching_files(pattern: &str) -> usize {
    let (dir, name) = pattern.rsplit_once('/').unwrap_or((".", pattern));
    let expression = format!("^{}$", regex::escape(name).replace(r"\*", ".*"));
    let is_match = Regex::new(&expression).unwrap();
    let Ok(entries) = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)) else { return 0 };
    entries.filter(|entry| is_match.is_match(entry.as_ref().unwrap().file_name().to_str().unwrap())).count()
}

#[test]
fn packages_have_the_same_files() {
    let only_deb = ["packaging/deb/lintian-overrides", "target/release/pages/changelog.Debian.gz"];
    // cargo-deb installs the user and the license by keys of their own.
    let only_rpm = ["CHANGELOG.md", "LICENSE-*", "packaging/deb/copyright", "packaging/systemd/wxbox.sysusers"];
    let (mut deb, mut rpm) = (deb_sources(), rpm_sources());
    for name in only_deb {
        assert!(deb.remove(name), "{name}");
    }
    assert!(deb.remove("target/release/pages/changelog.gz"), "the same as CHANGELOG.md");
    for name in only_rpm {
        assert!(rpm.remove(name), "{name}");
    }
    assert_eq!(deb, rpm);
}

#[test]
fn files_of_packages_exist() {
    let all = deb_sources().into_iter().chain(rpm_sources());
    let missing: Vec<_> =
        all.filter(|source| !source.starts_with("target/release/") && matching_files(source) == 0).collect();
    assert_eq!(missing, Vec::<String>::new());
    let rpm = package_metadata("generate-rpm");
    for key in ["post_install_script", "pre_uninstall_script", "post_uninstall_script"] {
        assert_eq!(matching_files(rpm[key].as_str().unwrap()), 1, "{key}");
    }
}

#[test]
fn packages_have_every_guide_and_unit() {
    for dir in ["docs/guides", "docs/reference", "docs/zh-CN/guides", "docs/zh-CN/reference", "docs/images"] {
        assert!(rpm_sources().contains(&format!("{dir}/*")), "{dir}");
    }
    let units = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd")).unwrap();
    for unit in units {
        let name = unit.unwrap().file_name().into_string().unwrap();
        let kinds = [".service", ".timer", ".sysusers"];
        assert!(kinds.iter().any(|kind| name.ends_with(kind)), "{name} is in no package");
    }
}

#[test]
fn cargo_deb_has_one_version() {
    let version = |file: &str, pattern: &str| {
        let text = read_project_file(file);
        Regex::new(pattern).unwrap().captures(&text).unwrap_or_else(|| panic!("{file}"))[1].to_owned()
    };
    let in_ci = version(".ci/run", r"--version (\S+) .*cargo-deb");
    assert_eq!(in_ci, version("packaging/release-tools", r"(?m)^cargo-deb (\S+)"));
}

#[test]
fn licences_are_checked_for_each_target_of_a_release() {
    let workflow = read_project_file(".github/workflows/release.yml");
    let targets = Regex::new(r"target: ([a-z0-9_]+-[a-z0-9_-]+)").unwrap();
    let checked: toml::Table = read_project_file("deny.toml").parse().unwrap();
    let checked: BTreeSet<_> =
        checked["graph"]["targets"].as_array().unwrap().iter().map(|target| target.as_str().unwrap()).collect();
    let built: BTreeSet<_> = targets.captures_iter(&workflow).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(built, checked);
}

#[test]
fn binstall_looks_for_the_archive_of_a_release() {
    let metadata = package_metadata("binstall");
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap().to_owned();
    let fill = |template: String| {
        let named = template.replace("{ name }", "wxbox").replace("{ version }", "$version");
        named.replace("{ target }", "$target").replace("{ bin }{ binary-ext }", "wxbox")
    };
    let script = read_project_file("packaging/release");
    let name = Regex::new(r"(?m)^name=(.*)$").unwrap().captures(&script).unwrap()[1].to_owned();
    assert!(fill(text("pkg-url")).ends_with(&format!("/{name}.tar.gz")));
    assert_eq!(fill(text("bin-dir")), format!("{name}/wxbox"));
}
