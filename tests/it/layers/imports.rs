//! What the files of a crate import from each other, read from their source as a compiler would.
//!
//! An import is a path to something that another file of the crate defines, in a `use` or in code. A name
//! that a module only hands on is imported from where it is defined. Code that only tests compile does not
//! count.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The imports of one crate.
pub(super) struct Imports {
    /// Every file, as a path from the root of its crate's source, with the files that it imports.
    pub(super) files: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    /// The other crates that each file names.
    pub(super) crates: BTreeMap<PathBuf, BTreeSet<String>>,
}

/// A module's path from the root of its crate, such as `["store", "sqlite"]`.
type ModulePath = Vec<String>;

struct Module {
    file: PathBuf,
    source: syn::File,
    /// Names that it hands on, each with the path where it has them from.
    handed_on: HashMap<String, Vec<String>>,
}

impl Imports {
    /// Reads the crate whose first file this is.
    pub(super) fn read(first: &Path) -> Result<Self> {
        let mut modules = BTreeMap::new();
        let folder = first.parent().context("a file is in a folder")?;
        read_module(first, folder, Vec::new(), &mut modules)?;
        let mut imports = Self {
            files: BTreeMap::new(),
            crates: BTreeMap::new(),
        };
        for (path, module) in &modules {
            let mut paths = Paths::default();
            paths.visit_file(&module.source);
            let found = imports
                .files
                .entry(relative(&module.file, folder))
                .or_default();
            for named in &paths.found {
                let named = paths.complete(named);
                if let Some(file) = target(path, &named, &modules, 0) {
                    if file != module.file {
                        found.insert(relative(&file, folder));
                    }
                } else if let Some(first) = named.first() {
                    let crates = imports.crates.entry(relative(&module.file, folder));
                    crates.or_default().insert(first.clone());
                }
            }
        }
        Ok(imports)
    }

    /// The circles, each as its files. What a module defines for those below it in its own folder is no
    /// circle: they are one thing in several files.
    pub(super) fn circles(&self) -> Vec<BTreeSet<&Path>> {
        let mut circles: Vec<BTreeSet<&Path>> = Vec::new();
        for file in self.files.keys() {
            let is_known = circles.iter().any(|circle| circle.contains(file.as_path()));
            let reached = self.reached(file);
            if is_known || !reached.contains(file.as_path()) {
                continue;
            }
            let others = reached.into_iter();
            let circle = others.filter(|other| self.reached(other).contains(file.as_path()));
            circles.push(circle.collect());
        }
        circles
    }

    /// What a file imports, and what that imports, and so on.
    fn reached(&self, file: &Path) -> BTreeSet<&Path> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Path> = self.imported(file).collect();
        while let Some(file) = next.pop() {
            if reached.insert(file) {
                next.extend(self.imported(file));
            }
        }
        reached
    }

    /// What a file imports that is not above it in its own folder.
    pub(super) fn imported(&self, file: &Path) -> impl Iterator<Item = &Path> {
        let imported = self.files.get(file).into_iter().flatten();
        let file = file.to_owned();
        imported
            .filter(move |other| !file.starts_with(other.with_extension("")))
            .map(PathBuf::as_path)
    }
}

fn relative(file: &Path, folder: &Path) -> PathBuf {
    file.strip_prefix(folder).unwrap_or(file).to_owned()
}

/// Reads a file, and those of the modules that it declares. `folder` is where theirs are.
fn read_module(
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let source = syn::parse_file(&text).with_context(|| file.display().to_string())?;
    for item in &source.items {
        let Item::Mod(ItemMod {
            attrs,
            ident,
            content: None,
            ..
        }) = item
        else {
            continue;
        };
        let named = attrs.iter().find_map(path_attribute);
        let is_default = named.is_none()
            || !attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("cfg"));
        if is_for_tests(attrs) || !is_default {
            continue;
        }
        let name = ident.to_string();
        // A path is relative to the file that names it, any other module is in the folder of its parent.
        let child = match named {
            Some(named) => file.with_file_name(named),
            None => folder.join(format!("{name}.rs")),
        };
        let own_folder = child.with_extension("");
        let mut child_path = path.clone();
        child_path.push(name);
        read_module(&child, &own_folder, child_path, modules)?;
    }
    let handed_on = handed_on(&source);
    let module = Module {
        file: file.to_owned(),
        source,
        handed_on,
    };
    modules.insert(path, module);
    Ok(())
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        syn::Expr::Lit(literal) if pair.path.is_ident("path") => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_test = attribute
            .parse_args::<syn::Path>()
            .is_ok_and(|path| path.is_ident("test"));
        attribute.path().is_ident("test") || attribute.path().is_ident("cfg") && is_test
    })
}

/// What `pub use` makes of names of others its own.
fn handed_on(source: &syn::File) -> HashMap<String, Vec<String>> {
    let mut names = HashMap::new();
    for item in &source.items {
        if let Item::Use(item) = item
            && !matches!(item.vis, Visibility::Inherited)
            && !is_for_tests(&item.attrs)
        {
            each_name(&item.tree, &mut Vec::new(), &mut |name, path| {
                names.insert(name, path);
            });
        }
    }
    names
}

/// Calls `found` with each name that a `use` makes known, and the path that it stands for.
fn each_name(tree: &UseTree, path: &mut Vec<String>, found: &mut dyn FnMut(String, Vec<String>)) {
    match tree {
        UseTree::Path(step) => {
            path.push(step.ident.to_string());
            each_name(&step.tree, path, found);
            path.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                each_name(tree, path, found);
            }
        }
        UseTree::Name(last) if last.ident == "self" => {
            found(path.last().cloned().unwrap_or_default(), path.clone());
        }
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            found(name.clone(), [path.as_slice(), &[name]].concat());
        }
        UseTree::Rename(last) => {
            let original = last.ident.to_string();
            let original = (original != "self").then_some(original);
            let path: Vec<String> = path.iter().cloned().chain(original).collect();
            found(last.rename.to_string(), path);
        }
        UseTree::Glob(_) => found("*".to_owned(), path.clone()),
    }
}

/// The paths that stand in a file.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
    /// What its `use` make known.
    known: HashMap<String, Vec<String>>,
}

impl Paths {
    /// The same path from where its first name is known from.
    fn complete(&self, path: &[String]) -> Vec<String> {
        let Some((first, rest)) = path.split_first() else {
            return Vec::new();
        };
        match self.known.get(first) {
            Some(known) if known != path => [known.as_slice(), rest].concat(),
            _ => path.to_vec(),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_private = matches!(item.vis, Visibility::Inherited);
        let (mut found, mut known) = (Vec::new(), Vec::new());
        each_name(&item.tree, &mut Vec::new(), &mut |name, path| {
            found.push(path.clone());
            known.push((name, path));
        });
        self.known.extend(known);
        // What is only handed on is imported by those who use it.
        if is_private {
            self.found.extend(found);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        let names: Vec<String> = names.collect();
        if names.len() > 1 {
            self.found.push(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        // Whatever grammar its tokens have, a path in them looks as everywhere.
        let text = call.tokens.to_string().replace(" :: ", "::");
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
        for word in words.filter(|word| word.contains("::")) {
            let names = word.split("::").map(str::to_owned);
            self.found.push(names.collect());
        }
    }
}

/// The file that defines what a path names, if it is one of this crate.
fn target(
    from: &[String],
    path: &[String],
    modules: &BTreeMap<ModulePath, Module>,
    depth: usize,
) -> Option<PathBuf> {
    let mut at: ModulePath = from.to_vec();
    let mut rest = path;
    let mut is_own = false;
    while let Some((first, after)) = rest.split_first() {
        match first.as_str() {
            "crate" => at.clear(),
            "super" => {
                at.pop()?;
            }
            "self" => {}
            _ => break,
        }
        is_own = true;
        rest = after;
    }
    while let Some((name, after)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(name)].concat();
        if modules.contains_key(&child) {
            at = child;
            rest = after;
            is_own = true;
            continue;
        }
        let module = modules.get(&at)?;
        // A name that is handed on in circles is not one that compiles.
        if let Some(origin) = module.handed_on.get(name).filter(|_| depth < 8 && is_own) {
            let origin = [origin.as_slice(), after].concat();
            return target(&at, &origin, modules, depth + 1).or(Some(module.file.clone()));
        }
        break;
    }
    is_own.then(|| modules.get(&at).map(|module| module.file.clone()))?
}
