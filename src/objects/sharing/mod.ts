/** Door of what objects need to be read while others write. @module */
export * as Delayed from "./delayed.ts";
export * as DictKeys from "./dict_keys.ts";
export * as DictReads from "./dict_reads.ts";
export * as ListItems from "./list_items.ts";
export * as References from "./references.ts";
export * as Shares from "./shares.ts";
export * as WeakrefLinks from "./weakref_links.ts";
