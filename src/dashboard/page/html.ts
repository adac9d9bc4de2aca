/**
 * `html`: what a component draws, as a tagged template. Parsed in the browser, so there is nothing to build.
 * @module
 */
import htm from 'htm'
import { h, type ComponentChildren, type VNode } from 'preact'

export const html = htm.bind(h) as unknown as (strings: TemplateStringsArray, ...values: unknown[]) => VNode

export type { ComponentChildren, VNode }
