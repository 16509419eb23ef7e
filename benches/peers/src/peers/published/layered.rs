//! Versions with layers, as ours: 0.9 and 0.12 have the same calls, but their types are not the same.

/// Makes the module `$module` with a peer over the crate `$krate`.
macro_rules! peer {
    ($module:ident, $krate:ident) => {
        pub mod $module {
            use std::sync::Arc;

            use $krate::{ArrayElement, ArrayFile, AttributeValue, FileConfig};
            use $krate::{Lz4Codec, NoCompression, ZstdCodec};
            use anyhow::{Context, Result};
            use bytemuck::Pod;
            use ndarray::{ArrayView, IxDyn};
            use object_store::local::LocalFileSystem;
            use object_store::path::Path;
            use tokio::runtime::{Builder, Runtime};

            use super::Read;
            use $crate::data::Dataset;
            use $crate::peers::catalogue::{self, Attribute};
            use $crate::peers::{Handle, Peer, Texts, Values, unsupported};
            use $crate::request::{Codec, Request};
            use $crate::with_element;

            pub struct Published {
                runtime: Runtime,
            }

            impl Published {
                pub fn new() -> Result<Self> {
                    Ok(Self { runtime: Builder::new_current_thread().build()? })
                }
            }

            fn store(request: &Request) -> Result<(Arc<LocalFileSystem>, Path)> {
                std::fs::create_dir_all(&request.store)?;
                let store = LocalFileSystem::new_with_prefix(&request.store)?;
                Ok((Arc::new(store), Path::from("data.af")))
            }

            async fn create(request: &Request) -> Result<ArrayFile> {
                if request.durable {
                    return unsupported();
                }
                let (store, path) = store(request)?;
                Ok(match request.codec {
                    Codec::None => ArrayFile::create(store, path, FileConfig::new(NoCompression)).await?,
                    Codec::Lz4 => ArrayFile::create(store, path, FileConfig::new(Lz4Codec)).await?,
                    Codec::Zstd => ArrayFile::create(store, path, FileConfig::new(ZstdCodec::new(3))).await?,
                    Codec::Lz4Fast | Codec::BloscZstd | Codec::Auto => return unsupported(),
                })
            }

            async fn open(request: &Request) -> Result<ArrayFile> {
                let (store, path) = store(request)?;
                // The codec is in the file; this one is for what is written.
                Ok(match request.codec {
                    Codec::Lz4 => ArrayFile::open(store, path, FileConfig::new(Lz4Codec)).await?,
                    Codec::Zstd => ArrayFile::open(store, path, FileConfig::new(ZstdCodec::new(3))).await?,
                    _ => ArrayFile::open(store, path, FileConfig::new(NoCompression)).await?,
                })
            }

            async fn put<T: ArrayElement + Pod>(
                file: &mut ArrayFile,
                name: &str,
                start: Vec<usize>,
                shape: &[usize],
                data: &[u8],
            ) -> Result<()> {
                let view = ArrayView::from_shape(IxDyn(shape), bytemuck::cast_slice::<u8, T>(data))?;
                Ok(file.write_array(name, start, view).await?)
            }

            impl Peer for Published {
                fn write(&mut self, request: &Request, data: &[u8]) -> Result<()> {
                    let set = &request.dataset;
                    let (shape, origin) = (set.usize_shape(), vec![0; set.shape.len()]);
                    self.runtime.block_on(async {
                        let mut file = create(request).await?;
                        for (i, data) in data.chunks(set.array_bytes()).enumerate() {
                            let (name, chunk) = (Dataset::name(i), Some(set.usize_chunk()));
                            with_element!(set.dtype, T => {
                                file.define_array::<T>(&name, vec![], shape.clone(), chunk, None)?;
                                put::<T>(&mut file, &name, origin.clone(), &shape, data).await?;
                            });
                        }
                        Ok(file.flush().await?)
                    })
                }

                fn read(&mut self, request: &Request) -> Result<Box<dyn Values>> {
                    self.runtime.block_on(async {
                        let file = open(request).await?;
                        with_element!(request.dataset.dtype, T => {
                            let read: Read<T> = file.read_array(&Dataset::name(0), vec![], vec![]).await?;
                            Ok(Box::new(read) as Box<dyn Values>)
                        })
                    })
                }

                fn read_each(
                    &mut self,
                    request: &Request,
                    each: &mut dyn FnMut(usize, &[u8]),
                ) -> Result<()> {
                    self.runtime.block_on(async {
                        let file = open(request).await?;
                        for i in 0..request.dataset.count {
                            with_element!(request.dataset.dtype, T => {
                                let read: Read<T> = file.read_array(&Dataset::name(i), vec![], vec![]).await?;
                                each(i, read.bytes());
                            });
                        }
                        Ok(())
                    })
                }

                fn write_texts(&mut self, request: &Request, texts: &[String]) -> Result<()> {
                    let (name, set) = (Dataset::name(0), &request.dataset);
                    let view = ArrayView::from_shape(IxDyn(&[texts.len()]), texts)?;
                    self.runtime.block_on(async {
                        let mut file = create(request).await?;
                        let (shape, chunk) = (set.usize_shape(), Some(set.usize_chunk()));
                        file.define_array::<String>(&name, vec![], shape, chunk, None)?;
                        file.write_array(&name, vec![0], view).await?;
                        Ok(file.flush().await?)
                    })
                }

                fn read_texts(&mut self, request: &Request) -> Result<Box<dyn Texts>> {
                    self.runtime.block_on(async {
                        let file = open(request).await?;
                        let name = Dataset::name(0);
                        let read = file.read_array(&name, vec![], vec![]);
                        let read: Read<String> = read.await?;
                        Ok(Box::new(read) as Box<dyn Texts>)
                    })
                }

                fn open<'a>(&'a mut self, request: &Request) -> Result<Box<dyn Handle + 'a>> {
                    let file = self.runtime.block_on(open(request))?;
                    Ok(Box::new(Open { runtime: &self.runtime, file, set: request.dataset.clone() }))
                }

                fn write_catalogue(&mut self, request: &Request, n: usize) -> Result<()> {
                    self.runtime.block_on(async {
                        let mut file = create(request).await?;
                        for i in 0..n {
                            let name = catalogue::name(i);
                            let data = catalogue::values(i);
                            file.define_array::<f32>(&name, vec![], vec![data.len()], None, None)?;
                            let view = ArrayView::from_shape(IxDyn(&[data.len()]), &data)?;
                            file.write_array(&name, vec![0], view).await?;
                            for (key, value) in catalogue::attributes(i) {
                                file.set_attribute(&name, &key, match value {
                                    Attribute::Text(text) => AttributeValue::String(text),
                                    Attribute::Float(value) => AttributeValue::Float32(value),
                                    Attribute::Int(value) => AttributeValue::Int32(value),
                                })?;
                            }
                        }
                        file.flush().await?;
                        Ok(file.compact().await?)
                    })
                }

                fn first_attribute(&mut self, request: &Request, n: usize) -> Result<String> {
                    let (name, key) = catalogue::first(n);
                    self.runtime.block_on(async {
                        let file = open(request).await?;
                        match file.get_attribute(&name, key)? {
                            Some(AttributeValue::String(text)) => Ok(text.clone()),
                            other => anyhow::bail!("{other:?}"),
                        }
                    })
                }
            }

            struct Open<'a> {
                runtime: &'a Runtime,
                file: ArrayFile,
                set: Dataset,
            }

            impl Handle for Open<'_> {
                fn window(&mut self, start: &[u64], shape: &[u64], out: &mut [f32]) -> Result<()> {
                    let usizes = |n: &[u64]| -> Vec<usize> { n.iter().map(|&n| n as usize).collect() };
                    let name = Dataset::name(0);
                    let read = self.file.read_array::<f32>(&name, usizes(start), usizes(shape));
                    let read: Read<f32> = self.runtime.block_on(read)?;
                    Ok(out.copy_from_slice(read.as_slice().context("C order")?))
                }

                fn put_chunk(&mut self, chunk: usize, data: &[u8]) -> Result<()> {
                    let (set, shape) = (&self.set, self.set.usize_chunk());
                    let start = vec![chunk * shape[0]];
                    self.runtime.block_on(async {
                        let (file, name) = (&mut self.file, Dataset::name(0));
                        with_element!(set.dtype, T => put::<T>(file, &name, start, &shape, data).await)?;
                        Ok(self.file.flush().await?)
                    })
                }
            }
        }
    };
}

pub(super) use peer;
