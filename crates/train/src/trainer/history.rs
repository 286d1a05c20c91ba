//! What was measured after each epoch.

use std::fmt;

/// What was measured after an epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Epoch {
    /// Epochs so far.
    pub epoch: u64,
    /// Steps so far.
    pub steps: u64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The costs of the epoch's batches as they were trained on, averaged with their rows as weights.
    pub loss: f64,
    /// The same average over the validation data after the epoch.
    pub validation_loss: Option<f64>,
    /// The metrics, in the order of [`History::metrics`]: of the validation data, or of the training data if there are none.
    pub metrics: Vec<f64>,
}

/// All epochs of a training.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    pub(super) metrics: Vec<String>,
    pub(super) epochs: Vec<Epoch>,
}

impl History {
    /// The epochs in their order.
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// The names of the metrics.
    pub fn metrics(&self) -> &[String] {
        &self.metrics
    }

    /// The last epoch; `None` before the first.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The values of a metric, one an epoch; `None` if there is none of this name.
    pub fn metric(&self, name: &str) -> Option<Vec<f64>> {
        let k = self.metrics.iter().position(|metric| metric == name)?;
        Some(self.epochs.iter().map(|epoch| epoch.metrics[k]).collect())
    }

    /// As CSV, one line an epoch, with the shortest numbers that read back to the same bits. Without validation data that column is empty.
    pub fn to_csv(&self) -> String {
        let quoted = |name: &String| {
            if name.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.clone()
            }
        };
        let mut lines = vec!["epoch,steps,learning_rate,loss,validation_loss".to_owned()];
        lines.extend(self.epochs.iter().map(|row| {
            let validation = row.validation_loss.map(|x| x.to_string());
            format!(
                "{},{},{},{},{}",
                row.epoch,
                row.steps,
                row.learning_rate,
                row.loss,
                validation.unwrap_or_default()
            )
        }));
        for (line, k) in lines.iter_mut().zip(0_usize..) {
            for (j, name) in self.metrics.iter().enumerate() {
                line.push(',');
                line.push_str(&match k.checked_sub(1) {
                    None => quoted(name),
                    Some(row) => self.epochs[row].metrics[j].to_string(),
                });
            }
        }
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:4}  loss {:.6}", self.epoch, self.loss)?;
        match self.validation_loss {
            Some(loss) => write!(f, "  validation {loss:.6}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.epochs {
            write!(f, "{row}")?;
            for (name, value) in self.metrics.iter().zip(&row.metrics) {
                write!(f, "  {name} {value:.4}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
