//! The workspace as the checks see it: its root, its files, its packages. Reads only.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One checkout.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Where the virtual manifest lies.
    pub(crate) root: PathBuf,
    /// Every file that is tracked or could be added, relative to the root, with `/`, sorted.
    pub(crate) files: Vec<String>,
}

/// How a manifest names a dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `[dependencies]`
    Normal,
    /// `[dev-dependencies]`
    Dev,
    /// `[build-dependencies]`
    Build,
    /// `[dependencies]`, optional: for a binary of the package behind a feature, never for its library.
    Binary,
}

/// One package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    /// Its name, which is its folder's too.
    pub(crate) name: String,
    /// Dependencies on packages of the workspace and of the registry.
    pub(crate) dependencies: Vec<(Kind, String)>,
    /// Names of its targets: library, binaries, tests, benches.
    pub(crate) targets: Vec<String>,
}

impl Workspace {
    /// The workspace this program was built in.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().context("xtask lies in a folder of the workspace")?.to_path_buf();
        let files = match listed(&root) {
            Some(files) => files,
            // A copy without version control, or one that belongs to another user, is walked instead.
            None => walked(&root)?,
        };
        ensure!(!files.is_empty(), "no file was found under {}", root.display());
        Ok(Self { root, files })
    }

    /// The text of a file, or nothing when it is none (binary, or gone since it was listed).
    pub(crate) fn text(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(self.root.join(file)).ok()
    }

    /// Files whose name ends so.
    pub(crate) fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a str> {
        self.files.iter().map(String::as_str).filter(move |file| file.ends_with(end))
    }

    /// Whether a file or folder of the listing has this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.iter().any(|file| file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
    }

    /// The packages as their manifests name them; needs no network.
    ///
    /// # Errors
    /// When cargo cannot read the manifests.
    pub(crate) fn packages(&self) -> anyhow::Result<Vec<Package>> {
        let text = self.cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"])?;
        let document: Value = serde_json::from_str(&text).context("cargo metadata gave no JSON")?;
        let packages = document.get("packages").and_then(Value::as_array).context("cargo metadata names no packages")?;
        packages.iter().map(package).collect()
    }

    /// What cargo answers on its standard output.
    ///
    /// # Errors
    /// When it cannot be started or fails; its own words are in the error.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let done = Command::new(cargo).args(arguments).current_dir(&self.root).output().context("cannot start cargo")?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "cargo {} failed: {}", arguments.join(" "), said.trim());
        String::from_utf8(done.stdout).context("cargo answered something that is no text")
    }
}

fn package(value: &Value) -> anyhow::Result<Package> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let dependencies = list("dependencies").iter().filter_map(|dependency| {
        let kind = match dependency.get("kind").and_then(Value::as_str) {
            None if dependency.get("optional").and_then(Value::as_bool) == Some(true) => Kind::Binary,
            None => Kind::Normal,
            Some("dev") => Kind::Dev,
            Some(_) => Kind::Build,
        };
        Some((kind, text(dependency, "name")?))
    });
    Ok(Package {
        name: text(value, "name").context("a package without a name")?,
        dependencies: dependencies.collect(),
        targets: list("targets").iter().filter_map(|target| text(target, "name")).collect(),
    })
}

fn listed(root: &Path) -> Option<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let done = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    if !done.status.success() {
        return None;
    }
    let text = String::from_utf8(done.stdout).ok()?;
    let mut files: Vec<String> = text.split('\0').filter(|file| !file.is_empty()).map(str::to_owned).collect();
    // A file that was removed but not yet committed is still listed.
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Some(files)
}

fn walked(root: &Path) -> anyhow::Result<Vec<String>> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let at_root = folder == root;
            if name == ".git" || (at_root && (name.starts_with("target") || name == "state" || name == ".env")) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(inside) = entry.path().strip_prefix(root) {
                files.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[test]
    fn a_copy_without_version_control_shows_the_same_sources() {
        let workspace = Workspace::open().unwrap();
        let walked = walked(&workspace.root).unwrap();
        assert!(workspace.has("xtask/src/main.rs") && workspace.has("xtask/src") && !workspace.has("xtask/sr"));
        for file in workspace.ending(".rs") {
            assert!(walked.iter().any(|other| other == file), "{file}");
        }
    }

    #[test]
    fn every_package_is_read_with_its_kinds_of_dependencies_and_its_targets() {
        let packages = Workspace::open().unwrap().packages().unwrap();
        let xtask = packages.iter().find(|package| package.name == "xtask").unwrap();
        assert!(xtask.dependencies.contains(&(Kind::Normal, "signing".to_owned())));
        assert_eq!(xtask.targets, ["xtask"]);
        let domain = packages.iter().find(|package| package.name == "domain").unwrap();
        assert!(domain.dependencies.contains(&(Kind::Dev, "proptest".to_owned())));
    }
}
