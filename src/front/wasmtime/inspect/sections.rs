//! Custom sections: their names and sizes, and what the best-known ones say.

use wasmparser::{BinaryReader, CustomSectionReader, KnownCustom, ProducersSectionReader, Result};

use super::budget::Budget;

/// What is said of a program beside its code.
#[derive(Debug, Default)]
pub struct Sections {
    /// Names and bytes of the custom sections.
    pub custom: Vec<(String, usize)>,
    /// What made it: a field, such as "language", and names with their versions.
    pub producers: Vec<(String, Vec<(String, String)>)>,
    /// Features of WebAssembly, each with "+" if it is used or "-" if it must not be.
    pub features: Vec<String>,
}

impl Sections {
    /// What a section says is a remark of whoever made the program: if it is damaged, that doesn't
    /// matter.
    pub fn add(&mut self, section: &CustomSectionReader<'_>, budget: &mut Budget) {
        if !budget.take(section.name().len()) {
            return;
        }
        self.custom.push((section.name().into(), section.data().len()));
        if let KnownCustom::Producers(producers) = section.as_known() {
            let _ = self.add_producers(producers, budget);
        }
        if section.name() == "target_features" {
            let _ = self.add_features(section.data(), budget);
        }
    }

    fn add_producers(
        &mut self,
        producers: ProducersSectionReader<'_>,
        budget: &mut Budget,
    ) -> Result<()> {
        for field in producers {
            let field = field?;
            let mut values = Vec::new();
            for value in field.values {
                let value = value?;
                if budget.take(value.name.len() + value.version.len()) {
                    values.push((value.name.into(), value.version.into()));
                }
            }
            if budget.take(field.name.len()) {
                self.producers.push((field.name.into(), values));
            }
        }
        Ok(())
    }

    fn add_features(&mut self, data: &[u8], budget: &mut Budget) -> Result<()> {
        let mut reader = BinaryReader::new(data, 0);
        for _ in 0..reader.read_var_u32()? {
            let prefix = char::from(reader.read_u8()?);
            let name = reader.read_string()?;
            if budget.take(name.len()) {
                self.features.push(format!("{prefix}{name}"));
            }
        }
        Ok(())
    }
}
