// How a note deep in a conversation learns that an address names it.

export const AIM = Symbol('aim');
