//! From sources to stores: each is read once, or twice if its later rows taught something.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize};

use linalg::Communicator;

use super::processes::{agree, identity, own_leaves, share};
use super::sample::Sample;
use super::source::{Count, Counted, stamp, whole};
use super::write::Writer;
use super::{Account, Opened, Stamp, Store, VERSION};
use crate::{CsvOptions, DataError, Frame, Preparation, Recipe, parquet};

/// How sources become stores.
///
/// ```
/// use datasets::store::{Role, StoreOptions};
/// use datasets::{CsvOptions, Preparation};
/// use linalg::{Alone, Leaves};
/// let folder = tempfile::tempdir()?;
/// let source = folder.path().join("t.csv");
/// std::fs::write(&source, "x,city,y\n1,Lima,2\n2,Basel,3\n3,Lima,7\n")?;
/// let options = StoreOptions::new(Preparation::new("y"), CsvOptions::new());
/// let table = options.open(&[source], &Alone, &|_| ())?;
/// assert_eq!(table.recipe().feature_names(), ["x", "city[T.Lima]"]);
/// assert_eq!((table.rows(), table.column(Role::Target)), (3, Some(2)));
/// assert_eq!(table.leaf(0)[(2, 2)], 7.0);
/// assert_eq!(table.place(2).1, 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct StoreOptions {
    pub(super) preparation: Preparation,
    csv: CsvOptions,
    folder: Option<PathBuf>,
    rows: usize,
    most_features: usize,
    /// A number that differs for other lists of sources, on which the recipe depends.
    list: u32,
}

/// What [`StoreOptions::open`] tells while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling<'t> {
    /// A store of an earlier run is used.
    Reused(&'t Path),
    /// A store of an earlier run is of no use any more, and is made again: why.
    Discarded(&'t Path, &'t str),
    /// So many rows of a source have been read; of a CSV file also: so many of its bytes.
    Read {
        /// The source.
        source: &'t Path,
        /// The rows.
        rows: usize,
        /// The bytes, and those of the whole file.
        bytes: Option<(u64, u64)>,
    },
    /// The rows of a source have taught something that its first rows did not have: it is read once more.
    Again(&'t Path),
}

impl StoreOptions {
    /// Stores of tables as a preparation wants them, beside their sources.
    pub fn new(preparation: Preparation, csv: CsvOptions) -> Self {
        Self {
            preparation,
            csv,
            folder: None,
            rows: linalg::rows::LEAF,
            most_features: usize::MAX,
            list: 0,
        }
    }

    /// Keeps the stores in a folder of their own.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Refuses tables of more features, for which memory does not suffice.
    #[must_use]
    pub fn most_features(mut self, most: usize) -> Self {
        self.most_features = most;
        self
    }

    /// The rows of a Parquet file that are read at a time. Those of a CSV file follow from its [`CsvOptions::block_bytes`].
    #[must_use]
    pub fn rows_at_a_time(mut self, rows: usize) -> Self {
        self.rows = rows.max(1);
        self
    }

    /// Opens the stores of some sources, parts of one table, and makes those that are not there, not of these sources as they are, or
    /// damaged. Files whose names end with `.parquet`, `.arrow` or `.feather` are such files, all others CSV. `tell` hears of what
    /// is done. Of several processes each makes its share, and gets its share of the rows.
    ///
    /// # Errors
    /// [`DataError`] that names the source, its line and column; each process gets an error if one does, the others
    /// [`DataError::Elsewhere`].
    pub fn open<'c>(
        &self,
        sources: &[PathBuf],
        communicator: &'c dyn Communicator,
        tell: &dyn Fn(Telling<'_>),
    ) -> Result<Opened<'c>, DataError> {
        let places = sources.iter().map(|source| whole(source));
        let places: Vec<String> = places.map(|place| place.display().to_string()).collect();
        let this = Self {
            list: crc32fast::hash(places.join("\n").as_bytes()),
            ..self.clone()
        };
        this.open_list(sources, communicator, tell)
    }

    fn open_list<'c>(
        &self,
        sources: &[PathBuf],
        communicator: &'c dyn Communicator,
        tell: &dyn Fn(Telling<'_>),
    ) -> Result<Opened<'c>, DataError> {
        let mine = share(sources.len(), communicator);
        let agreed = |result: Result<(), DataError>| agree(result, communicator);
        let mut made = Vec::new();
        agreed(mine.clone().try_for_each(|at| {
            made.push(self.first(&sources[at], tell)?);
            Ok(())
        }))?;
        // What all parts show, in the order of the parts.
        let samples: Vec<&str> = made.iter().map(|one| one.sample.as_str()).collect();
        let text = serde_json::to_string(&samples).unwrap_or_default();
        let mut all = Sample::default();
        let mut learned = None;
        agreed((|| {
            let mut texts: Vec<String> = Vec::new();
            for text in communicator.gather(text.as_bytes()) {
                texts.extend(serde_json::from_slice::<Vec<String>>(&text).unwrap_or_default());
            }
            texts.iter().try_for_each(|text| all.add_text(text))?;
            let recipe = self.learn(&all);
            let recipe = recipe.map_err(|error| self.blamed(error, &texts, sources))?;
            let features = recipe.feature_names().len();
            if features > self.most_features {
                return Err(DataError::Preparation {
                    problem: format!(
                        "the rows make {features} features, for which the memory does not suffice; give more, or leave columns out"
                    ),
                });
            }
            learned = Some(recipe);
            Ok(())
        })())?;
        let Some(recipe) = learned else {
            return Err(DataError::NoTarget);
        };
        agreed(mine.clone().zip(&made).try_for_each(|(at, one)| {
            if one.recipe.as_ref() != Some(&recipe) {
                if one.recipe.is_some() || one.read {
                    tell(Telling::Again(&sources[at]));
                }
                self.make(&sources[at], &recipe, &one.sample, tell)?;
            }
            Ok(())
        }))?;
        let few = sources.len() < communicator.size();
        let wanted: Vec<usize> = if few {
            (0..sources.len()).collect()
        } else {
            mine.collect()
        };
        let mut stores = Vec::new();
        agreed(wanted.iter().try_for_each(|at| {
            let (map, account) = super::map::open(&self.path(&sources[*at]))?;
            let store = Store::new(map, account)?;
            if store.account.recipe != recipe || store.account.wish != self.wish() {
                return Err(DataError::Store {
                    file: store.path().to_owned(),
                    problem: "another fit has made it again meanwhile; start again".to_owned(),
                });
            }
            stores.push(store);
            Ok(())
        }))?;
        let own = wanted.iter().zip(&stores);
        let own = own.filter(|(at, _)| share(sources.len(), communicator).contains(at));
        let identity = identity(own.map(|(_, store)| store), &recipe, communicator);
        let mut leaves: Vec<(usize, usize)> = (0..stores.len())
            .flat_map(|store| (0..stores[store].starts.len() - 1).map(move |leaf| (store, leaf)))
            .collect();
        let own = own_leaves(leaves.len(), few, communicator);
        let before = own.start;
        if few {
            leaves = leaves[own].to_vec();
        }
        let mut starts = vec![0];
        for (store, leaf) in &leaves {
            let own = &stores[*store].starts;
            starts.push(starts[starts.len() - 1] + own[leaf + 1] - own[*leaf]);
        }
        Ok(Opened {
            stores,
            leaves,
            starts,
            before,
            recipe,
            identity,
            communicator,
            passed: AtomicUsize::new(0),
        })
    }

    /// Where the store of a source is kept: beside it, or in the folder, by a name that differs for other wishes.
    fn path(&self, source: &Path) -> PathBuf {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let text = format!("{}{}", self.wish(), whole(source).display());
        let name = format!(
            "{name}.{:08x}.gradus.arrow",
            crc32fast::hash(text.as_bytes())
        );
        match &self.folder {
            Some(folder) => folder.join(name),
            None => source.with_file_name(name),
        }
    }

    fn wish(&self) -> String {
        // The size of blocks changes nothing.
        format!(
            "{:?} {:?} {:08x}",
            self.preparation,
            self.csv.clone().block_bytes(1 << 20),
            self.list
        )
    }

    /// The store of a source: that of an earlier run, or one that is made by what the first rows teach.
    fn first(&self, source: &Path, tell: &dyn Fn(Telling<'_>)) -> Result<Made, DataError> {
        let path = self.path(source);
        if path.exists() {
            let reason = match Store::open(&path) {
                Ok(store) if store.account.wish != self.wish() => {
                    "it was made for another fit".to_owned()
                }
                Ok(store) if store.account.source != stamp(source)? => {
                    "its source has changed".to_owned()
                }
                Ok(store) => {
                    tell(Telling::Reused(&path));
                    return Ok(Made {
                        recipe: Some(store.account.recipe),
                        sample: store.account.sample,
                        read: false,
                    });
                }
                Err(error) => error.to_string(),
            };
            tell(Telling::Discarded(&path, &reason));
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(DataError::Store {
                        file: path.clone(),
                        problem: format!("it is of no use any more and cannot be removed: {error}"),
                    });
                }
                _ => {}
            }
        }
        self.read(source, &path, tell)
    }

    /// Reads a source once: keeps its rows if they are as the first ones let expect, and what they show.
    fn read(
        &self,
        source: &Path,
        path: &Path,
        tell: &dyn Fn(Telling<'_>),
    ) -> Result<Made, DataError> {
        let before = stamp(source)?;
        let mut sample = Sample::default();
        let mut writing: Option<(Writer<'_>, Recipe)> = None;
        let mut hopeful = true;
        let mut read = 0;
        let (blocks, count) = self.blocks(source)?;
        for block in blocks {
            let block = block?;
            if sample.is_empty() {
                sample.watch(self.preparation.column_of_classes(&block));
            }
            sample.add(&block)?;
            read += block.rows();
            if hopeful && writing.is_none() {
                // What the first block lacks, later ones may have: then the source is read again.
                match sample.frame().map(|frame| self.preparation.learn(&frame)) {
                    Some(Ok(recipe)) => {
                        let extra = extra(&recipe, &block);
                        match extra {
                            Some(extra) => {
                                writing = Some((Writer::new(path, &recipe, extra)?, recipe));
                            }
                            None => hopeful = false,
                        }
                    }
                    _ => hopeful = false,
                }
            }
            if let Some((writer, recipe)) = &mut writing {
                if let Ok(data) = recipe.dataset(&block) {
                    append(writer, &data, &block)?;
                } else {
                    (writing, hopeful) = (None, false);
                }
            }
            tell(Telling::Read {
                source,
                rows: read,
                bytes: count.of(before.bytes),
            });
        }
        if sample.is_empty() {
            return Err(DataError::Empty {
                file: source.to_owned(),
                line: 1,
            });
        }
        let text = sample.text();
        let Some((writer, recipe)) = writing else {
            return Ok(Made {
                recipe: None,
                sample: text,
                read: true,
            });
        };
        // Only if nothing was learned that the first rows did not have.
        if self.learn(&sample).ok().as_ref() != Some(&recipe) {
            return Ok(Made {
                recipe: None,
                sample: text,
                read: true,
            });
        }
        self.finish(writer, source, &before, &recipe, &text)?;
        Ok(Made {
            recipe: Some(recipe),
            sample: text,
            read: true,
        })
    }

    /// Reads a source with a recipe that is known, and keeps its rows.
    fn make(
        &self,
        source: &Path,
        recipe: &Recipe,
        sample: &str,
        tell: &dyn Fn(Telling<'_>),
    ) -> Result<(), DataError> {
        let (before, path) = (stamp(source)?, self.path(source));
        let mut writer: Option<Writer<'_>> = None;
        let mut read = 0;
        let (blocks, count) = self.blocks(source)?;
        for block in blocks {
            let block = block?;
            let data = recipe.dataset(&block)?;
            read += block.rows();
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(Writer::new(&path, recipe, extra_of(&data))?),
            };
            append(writer, &data, &block)?;
            tell(Telling::Read {
                source,
                rows: read,
                bytes: count.of(before.bytes),
            });
        }
        match writer {
            Some(writer) => self.finish(writer, source, &before, recipe, sample),
            None => Err(DataError::Empty {
                file: source.to_owned(),
                line: 1,
            }),
        }
    }

    fn finish(
        &self,
        writer: Writer<'_>,
        source: &Path,
        before: &Stamp,
        recipe: &Recipe,
        sample: &str,
    ) -> Result<(), DataError> {
        if stamp(source)? != *before {
            return Err(DataError::Store {
                file: source.to_owned(),
                problem: "it was changed while it was read; start again".to_owned(),
            });
        }
        let extra = writer.extra();
        writer.finish(&mut Account {
            version: VERSION,
            source: before.clone(),
            wish: self.wish(),
            recipe: recipe.clone(),
            features: recipe.feature_names(),
            weights: extra[0],
            offset: extra[1],
            trials: extra[2],
            sample: sample.to_owned(),
            checksums: Vec::new(),
        })
    }

    fn blocks(&self, source: &Path) -> Result<(Blocks, Count), DataError> {
        let ends = |ending: &str| source.extension().is_some_and(|own| own == ending);
        if ends("parquet") {
            let blocks = Box::new(parquet::parquet_blocks(source, self.rows)?);
            return Ok((blocks, Count::default()));
        }
        if ends("arrow") || ends("feather") {
            return Ok((
                Box::new(parquet::arrow_blocks(source, self.rows)?),
                Count::default(),
            ));
        }
        let file = fs::File::open(source).map_err(|error| DataError::Read {
            file: source.to_owned(),
            source: error,
        })?;
        let bytes = Arc::new(AtomicU64::new(0));
        let reader = Counted(file, bytes.clone());
        let options = self.preparation.csv_options(self.csv.clone());
        let blocks = Box::new(options.blocks_from(source, reader));
        Ok((blocks, Count(Some(bytes))))
    }
}

type Blocks = Box<dyn Iterator<Item = Result<Frame, DataError>>>;

/// What is known of a source: the recipe of its store, if it has one already, and the rows that show everything.
struct Made {
    recipe: Option<Recipe>,
    sample: String,
    /// True if it was read just now.
    read: bool,
}

/// Which of weights, offset and trials data have.
fn extra_of(data: &crate::Dataset) -> [bool; 3] {
    [
        data.weights.is_some(),
        data.offset.is_some(),
        data.trials.is_some(),
    ]
}

fn extra(recipe: &Recipe, block: &Frame) -> Option<[bool; 3]> {
    recipe.dataset(block).ok().map(|data| extra_of(&data))
}

fn append(writer: &mut Writer<'_>, data: &crate::Dataset, block: &Frame) -> Result<(), DataError> {
    let line = |row: usize| block.line(data.rows.as_ref().map_or(row, |rows| rows[row]));
    writer.append(data, &line)
}
