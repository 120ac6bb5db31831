const salt = Buffer.alloc(16, 'salt');

export default {
  packages: ['@node-rs/bcrypt', '@node-rs/bcrypt-wasm32-wasi'],
  task: 'hashes and verifies passwords, on threads, with salts from random_get',

  async run() {
    const { hash, verify } = (await import('@node-rs/bcrypt')).default;
    const passwords = ['correct', 'horse', 'battery', 'staple'];
    const fixed = await Promise.all(passwords.map((password) => hash(password, 8, salt)));
    const salted = await Promise.all(passwords.map((password) => hash(password, 8)));
    const right = await Promise.all(salted.map((hashed, index) => verify(passwords[index], hashed)));
    return JSON.stringify({ fixed, right, different: new Set(salted).size }, null, 2);
  },
};
