/**
 * What a person asks of data, without I/O: findings, rules in words, differences, why a context gets a value and why not another.
 *
 * @module
 */
