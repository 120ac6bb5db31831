export default {
  packages: ['@node-rs/jieba', '@node-rs/jieba-wasm32-wasi'],
  task: 'splits Chinese text into words with a dictionary of 5 MB',
  threads: false,

  async run() {
    const { Jieba, TfIdf } = (await import('@node-rs/jieba')).default;
    const { dict, idf } = (await import('@node-rs/jieba/dict.js')).default;
    const jieba = Jieba.withDict(dict);
    const text = '我是拖拉机学院手扶拖拉机专业的。不用多久，我就会升职加薪，当上CEO，走上人生巅峰。'.repeat(50);
    const keywords = TfIdf.withDict(idf).extractKeywords(jieba, text, 5);
    return JSON.stringify({ words: jieba.cut(text, true), tags: jieba.tag(text), keywords });
  },
};
