const salt = Buffer.alloc(16, 'salt');

export default {
  packages: ['@node-rs/argon2', '@node-rs/argon2-wasm32-wasi'],
  task: 'hashes and verifies four passwords at once, on threads, with salts from random_get',

  async run() {
    const { hash, hashRaw, verify } = (await import('@node-rs/argon2')).default;
    const passwords = ['correct', 'horse', 'battery', 'staple'];
    const fixed = await Promise.all(passwords.map((password) => hashRaw(password, { salt, memoryCost: 8192 })));
    const salted = await Promise.all(passwords.map((password) => hash(password, { memoryCost: 8192 })));
    const right = await Promise.all(salted.map((hashed, index) => verify(hashed, passwords[index])));
    const wrong = await Promise.all(salted.map((hashed) => verify(hashed, 'wrong')));
    const different = new Set(salted).size;
    return JSON.stringify({ fixed: fixed.map((bytes) => bytes.toString('hex')), right, wrong, different }, null, 2);
  },
};
