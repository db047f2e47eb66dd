var n$1, l$2, u$3, t$2, i$2, r$2, o$2, e$2, f$3, c$2, a$2, s$2, h$3, p$3, v$2, y$3, d$2 = {}, w$3 = [], _$2 = /acit|ex(?:s|g|n|p|$)|rph|grid|ows|mnc|ntw|ine[ch]|zoo|^ord|itera/i, g$2 = Array.isArray;
function m$3(n2, l2) {
  for (var u2 in l2) n2[u2] = l2[u2];
  return n2;
}
function b$2(n2) {
  n2 && n2.parentNode && n2.parentNode.removeChild(n2);
}
function k$2(l2, u2, t2) {
  var i2, r2, o2, e3 = {};
  for (o2 in u2) "key" == o2 ? i2 = u2[o2] : "ref" == o2 ? r2 = u2[o2] : e3[o2] = u2[o2];
  if (arguments.length > 2 && (e3.children = arguments.length > 3 ? n$1.call(arguments, 2) : t2), "function" == typeof l2 && null != l2.defaultProps) for (o2 in l2.defaultProps) void 0 === e3[o2] && (e3[o2] = l2.defaultProps[o2]);
  return x$2(l2, e3, i2, r2, null);
}
function x$2(n2, t2, i2, r2, o2) {
  var e3 = { type: n2, props: t2, key: i2, ref: r2, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: void 0, __v: null == o2 ? ++u$3 : o2, __i: -1, __u: 0 };
  return null == o2 && null != l$2.vnode && l$2.vnode(e3), e3;
}
function S$1(n2) {
  return n2.children;
}
function C$1(n2, l2) {
  this.props = n2, this.context = l2;
}
function $(n2, l2) {
  if (null == l2) return n2.__ ? $(n2.__, n2.__i + 1) : null;
  for (var u2; l2 < n2.__k.length; l2++) if (null != (u2 = n2.__k[l2]) && null != u2.__e) return u2.__e;
  return "function" == typeof n2.type ? $(n2) : null;
}
function I(n2) {
  if (n2.__P && n2.__d) {
    var u2 = n2.__v, t2 = u2.__e, i2 = [], r2 = [], o2 = m$3({}, u2);
    o2.__v = u2.__v + 1, l$2.vnode && l$2.vnode(o2), q(n2.__P, o2, u2, n2.__n, n2.__P.namespaceURI, 32 & u2.__u ? [t2] : null, i2, null == t2 ? $(u2) : t2, !!(32 & u2.__u), r2), o2.__v = u2.__v, o2.__.__k[o2.__i] = o2, D$1(i2, o2, r2), u2.__e = u2.__ = null, o2.__e != t2 && P(o2);
  }
}
function P(n2) {
  if (null != (n2 = n2.__) && null != n2.__c) return n2.__e = n2.__c.base = null, n2.__k.some(function(l2) {
    if (null != l2 && null != l2.__e) return n2.__e = n2.__c.base = l2.__e;
  }), P(n2);
}
function A$2(n2) {
  (!n2.__d && (n2.__d = true) && i$2.push(n2) && !H.__r++ || r$2 != l$2.debounceRendering) && ((r$2 = l$2.debounceRendering) || o$2)(H);
}
function H() {
  try {
    for (var n2, l2 = 1; i$2.length; ) i$2.length > l2 && i$2.sort(e$2), n2 = i$2.shift(), l2 = i$2.length, I(n2);
  } finally {
    i$2.length = H.__r = 0;
  }
}
function L(n2, l2, u2, t2, i2, r2, o2, e3, f2, c2, a2) {
  var s2, h2, p2, v2, y2, _2, g2 = t2 && t2.__k || w$3, m2 = l2.length;
  for (f2 = T$2(u2, l2, g2, f2, m2), s2 = 0; s2 < m2; s2++) null != (p2 = u2.__k[s2]) && (h2 = -1 != p2.__i && g2[p2.__i] || d$2, p2.__i = s2, _2 = q(n2, p2, h2, i2, r2, o2, e3, f2, c2, a2), v2 = p2.__e, p2.ref && h2.ref != p2.ref && (h2.ref && J(h2.ref, null, p2), a2.push(p2.ref, p2.__c || v2, p2)), null == y2 && null != v2 && (y2 = v2), 4 & p2.__u ? (f2 = j$2(p2, f2, n2), h2.__e && (h2.__e = null)) : "function" == typeof p2.type && void 0 !== _2 ? f2 = _2 : v2 && (f2 = v2.nextSibling), p2.__u &= -7);
  return u2.__e = y2, f2;
}
function T$2(n2, l2, u2, t2, i2) {
  var r2, o2, e3, f2, c2, a2 = u2.length, s2 = a2, h2 = 0;
  for (n2.__k = new Array(i2), r2 = 0; r2 < i2; r2++) null != (o2 = l2[r2]) && "boolean" != typeof o2 && "function" != typeof o2 ? ("string" == typeof o2 || "number" == typeof o2 || "bigint" == typeof o2 || o2.constructor == String ? o2 = n2.__k[r2] = x$2(null, o2, null, null, null) : g$2(o2) ? o2 = n2.__k[r2] = x$2(S$1, { children: o2 }, null, null, null) : void 0 === o2.constructor && o2.__b > 0 ? o2 = n2.__k[r2] = x$2(o2.type, o2.props, o2.key, o2.ref ? o2.ref : null, o2.__v) : n2.__k[r2] = o2, f2 = r2 + h2, o2.__ = n2, o2.__b = n2.__b + 1, e3 = null, -1 != (c2 = o2.__i = O$1(o2, u2, f2, s2)) && (s2--, (e3 = u2[c2]) && (e3.__u |= 2)), null == e3 || null == e3.__v ? (-1 == c2 && (i2 > a2 ? h2-- : i2 < a2 && h2++), "function" != typeof o2.type && (o2.__u |= 4)) : c2 != f2 && (c2 == f2 - 1 ? h2-- : c2 == f2 + 1 ? h2++ : (c2 > f2 ? h2-- : h2++, o2.__u |= 4))) : n2.__k[r2] = null;
  if (s2) for (r2 = 0; r2 < a2; r2++) null != (e3 = u2[r2]) && 0 == (2 & e3.__u) && (e3.__e == t2 && (t2 = $(e3)), K(e3, e3));
  return t2;
}
function j$2(n2, l2, u2) {
  var t2, i2;
  if ("function" == typeof n2.type) {
    for (t2 = n2.__k, i2 = 0; t2 && i2 < t2.length; i2++) t2[i2] && (t2[i2].__ = n2, l2 = j$2(t2[i2], l2, u2));
    return l2;
  }
  n2.__e != l2 && (l2 && n2.type && !l2.parentNode && (l2 = $(n2)), l2 = u2.insertBefore(n2.__e, l2 || null));
  do {
    l2 = l2 && l2.nextSibling;
  } while (null != l2 && 8 == l2.nodeType);
  return l2;
}
function O$1(n2, l2, u2, t2) {
  var i2, r2, o2, e3 = n2.key, f2 = n2.type, c2 = l2[u2], a2 = null != c2 && 0 == (2 & c2.__u);
  if (null === c2 && null == e3 || a2 && e3 == c2.key && f2 == c2.type) return u2;
  if (t2 > (a2 ? 1 : 0)) {
    for (i2 = u2 - 1, r2 = u2 + 1; i2 >= 0 || r2 < l2.length; ) if (null != (c2 = l2[o2 = i2 >= 0 ? i2-- : r2++]) && 0 == (2 & c2.__u) && e3 == c2.key && f2 == c2.type) return o2;
  }
  return -1;
}
function z$1(n2, l2, u2) {
  "-" == l2[0] ? n2.setProperty(l2, null == u2 ? "" : u2) : n2[l2] = null == u2 ? "" : "number" != typeof u2 || _$2.test(l2) ? u2 : u2 + "px";
}
function N(n2, l2, u2, t2, i2) {
  var r2, o2;
  n: if ("style" == l2) if ("string" == typeof u2) n2.style.cssText = u2;
  else {
    if ("string" == typeof t2 && (n2.style.cssText = t2 = ""), t2) for (l2 in t2) u2 && l2 in u2 || z$1(n2.style, l2, "");
    if (u2) for (l2 in u2) t2 && u2[l2] == t2[l2] || z$1(n2.style, l2, u2[l2]);
  }
  else if ("o" == l2[0] && "n" == l2[1]) r2 = l2 != (l2 = l2.replace(s$2, "$1")), o2 = l2.toLowerCase(), l2 = o2 in n2 || "onFocusOut" == l2 || "onFocusIn" == l2 ? o2.slice(2) : l2.slice(2), n2.l || (n2.l = {}), n2.l[l2 + r2] = u2, u2 ? t2 ? u2[a$2] = t2[a$2] : (u2[a$2] = h$3, n2.addEventListener(l2, r2 ? v$2 : p$3, r2)) : n2.removeEventListener(l2, r2 ? v$2 : p$3, r2);
  else {
    if ("http://www.w3.org/2000/svg" == i2) l2 = l2.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
    else if ("width" != l2 && "height" != l2 && "href" != l2 && "list" != l2 && "form" != l2 && "tabIndex" != l2 && "download" != l2 && "rowSpan" != l2 && "colSpan" != l2 && "role" != l2 && "popover" != l2 && l2 in n2) try {
      n2[l2] = null == u2 ? "" : u2;
      break n;
    } catch (n3) {
    }
    "function" == typeof u2 || (null == u2 || false === u2 && "-" != l2[4] ? n2.removeAttribute(l2) : n2.setAttribute(l2, "popover" == l2 && 1 == u2 ? "" : u2));
  }
}
function V(n2) {
  return function(u2) {
    if (this.l) {
      var t2 = this.l[u2.type + n2];
      if (null == u2[c$2]) u2[c$2] = h$3++;
      else if (u2[c$2] < t2[a$2]) return;
      return t2(l$2.event ? l$2.event(u2) : u2);
    }
  };
}
function q(n2, u2, t2, i2, r2, o2, e3, f2, c2, a2) {
  var s2, h2, p2, v2, y2, d2, _2, k2, x2, M2, I2, P2, A2, H2, T2, j2, F2 = u2.type;
  if (void 0 !== u2.constructor) return null;
  128 & t2.__u && (c2 = !!(32 & t2.__u), o2 = [f2 = u2.__e = t2.__e]), (s2 = l$2.__b) && s2(u2);
  n: if ("function" == typeof F2) {
    h2 = e3.length;
    try {
      if (x2 = u2.props, M2 = F2.prototype && F2.prototype.render, I2 = (s2 = F2.contextType) && i2[s2.__c], P2 = s2 ? I2 ? I2.props.value : s2.__ : i2, t2.__c ? k2 = (p2 = u2.__c = t2.__c).__ = p2.__E : (M2 ? u2.__c = p2 = new F2(x2, P2) : (u2.__c = p2 = new C$1(x2, P2), p2.constructor = F2, p2.render = Q), I2 && I2.sub(p2), p2.state || (p2.state = {}), p2.__n = i2, v2 = p2.__d = true, p2.__h = [], p2._sb = []), M2 && null == p2.__s && (p2.__s = p2.state), M2 && null != F2.getDerivedStateFromProps && (p2.__s == p2.state && (p2.__s = m$3({}, p2.__s)), m$3(p2.__s, F2.getDerivedStateFromProps(x2, p2.__s))), y2 = p2.props, d2 = p2.state, p2.__v = u2, v2) M2 && null == F2.getDerivedStateFromProps && null != p2.componentWillMount && p2.componentWillMount(), M2 && null != p2.componentDidMount && p2.__h.push(p2.componentDidMount);
      else {
        if (M2 && null == F2.getDerivedStateFromProps && x2 !== y2 && null != p2.componentWillReceiveProps && p2.componentWillReceiveProps(x2, P2), u2.__v == t2.__v || !p2.__e && null != p2.shouldComponentUpdate && false === p2.shouldComponentUpdate(x2, p2.__s, P2)) {
          u2.__v != t2.__v && (p2.props = x2, p2.state = p2.__s, p2.__d = false), u2.__e = t2.__e, u2.__k = t2.__k, u2.__k.some(function(n3) {
            n3 && (n3.__ = u2);
          }), w$3.push.apply(p2.__h, p2._sb), p2._sb = [], p2.__h.length && e3.push(p2), f2 = $(t2);
          break n;
        }
        null != p2.componentWillUpdate && p2.componentWillUpdate(x2, p2.__s, P2), M2 && null != p2.componentDidUpdate && p2.__h.push(function() {
          p2.componentDidUpdate(y2, d2, _2);
        });
      }
      if (p2.context = P2, p2.props = x2, p2.__P = n2, p2.__e = false, A2 = l$2.__r, H2 = 0, M2) p2.state = p2.__s, p2.__d = false, A2 && A2(u2), s2 = p2.render(p2.props, p2.state, p2.context), w$3.push.apply(p2.__h, p2._sb), p2._sb = [];
      else do {
        p2.__d = false, A2 && A2(u2), s2 = p2.render(p2.props, p2.state, p2.context), p2.state = p2.__s;
      } while (p2.__d && ++H2 < 25);
      p2.state = p2.__s, null != p2.getChildContext && (i2 = m$3(m$3({}, i2), p2.getChildContext())), M2 && !v2 && null != p2.getSnapshotBeforeUpdate && (_2 = p2.getSnapshotBeforeUpdate(y2, d2)), T2 = null != s2 && s2.type === S$1 && null == s2.key ? E(s2.props.children) : s2, f2 = L(n2, g$2(T2) ? T2 : [T2], u2, t2, i2, r2, o2, e3, f2, c2, a2), p2.base = u2.__e, u2.__u &= -161, p2.__h.length && e3.push(p2), k2 && (p2.__E = p2.__ = null);
    } catch (n3) {
      if (e3.length = h2, u2.__v = null, c2 || null != o2) {
        if (n3.then) {
          for (u2.__u |= c2 ? 160 : 128; f2 && 8 == f2.nodeType && f2.nextSibling; ) f2 = f2.nextSibling;
          null != o2 && (o2[o2.indexOf(f2)] = null), u2.__e = f2;
        } else if (null != o2) for (j2 = o2.length; j2--; ) b$2(o2[j2]);
      } else u2.__e = t2.__e;
      null == u2.__k && (u2.__k = t2.__k || []), n3.then || B$1(u2), l$2.__e(n3, u2, t2);
    }
  } else null == o2 && u2.__v == t2.__v ? (u2.__k = t2.__k, u2.__e = t2.__e) : f2 = u2.__e = G(t2.__e, u2, t2, i2, r2, o2, e3, c2, a2);
  return (s2 = l$2.diffed) && s2(u2), 128 & u2.__u ? void 0 : f2;
}
function B$1(n2) {
  n2 && (n2.__c && (n2.__c.__e = true), n2.__k && n2.__k.some(B$1));
}
function D$1(n2, u2, t2) {
  for (var i2 = 0; i2 < t2.length; i2++) J(t2[i2], t2[++i2], t2[++i2]);
  l$2.__c && l$2.__c(u2, n2), n2.some(function(u3) {
    try {
      n2 = u3.__h, u3.__h = [], n2.some(function(n3) {
        n3.call(u3);
      });
    } catch (n3) {
      l$2.__e(n3, u3.__v);
    }
  });
}
function E(n2) {
  return "object" != typeof n2 || null == n2 || n2.__b > 0 ? n2 : g$2(n2) ? n2.map(E) : void 0 !== n2.constructor ? null : m$3({}, n2);
}
function G(u2, t2, i2, r2, o2, e3, f2, c2, a2) {
  var s2, h2, p2, v2, y2, w2, _2, m2 = i2.props || d$2, k2 = t2.props, x2 = t2.type;
  if ("svg" == x2 ? o2 = "http://www.w3.org/2000/svg" : "math" == x2 ? o2 = "http://www.w3.org/1998/Math/MathML" : o2 || (o2 = "http://www.w3.org/1999/xhtml"), null != e3) {
    for (s2 = 0; s2 < e3.length; s2++) if ((y2 = e3[s2]) && "setAttribute" in y2 == !!x2 && (x2 ? y2.localName == x2 : 3 == y2.nodeType)) {
      u2 = y2, e3[s2] = null;
      break;
    }
  }
  if (null == u2) {
    if (null == x2) return document.createTextNode(k2);
    u2 = document.createElementNS(o2, x2, k2.is && k2), c2 && (l$2.__m && l$2.__m(t2, e3), c2 = false), e3 = null;
  }
  if (null == x2) m2 === k2 || c2 && u2.data == k2 || (u2.data = k2);
  else {
    if (e3 = "textarea" == x2 && null != k2.defaultValue ? null : e3 && n$1.call(u2.childNodes), !c2 && null != e3) for (m2 = {}, s2 = 0; s2 < u2.attributes.length; s2++) m2[(y2 = u2.attributes[s2]).name] = y2.value;
    for (s2 in m2) y2 = m2[s2], "dangerouslySetInnerHTML" == s2 ? p2 = y2 : "children" == s2 || s2 in k2 || "value" == s2 && "defaultValue" in k2 || "checked" == s2 && "defaultChecked" in k2 || N(u2, s2, null, y2, o2);
    for (s2 in k2) y2 = k2[s2], "children" == s2 ? v2 = y2 : "dangerouslySetInnerHTML" == s2 ? h2 = y2 : "value" == s2 ? w2 = y2 : "checked" == s2 ? _2 = y2 : c2 && "function" != typeof y2 || m2[s2] === y2 || N(u2, s2, y2, m2[s2], o2);
    if (h2) c2 || p2 && (h2.__html == p2.__html || h2.__html == u2.innerHTML) || (u2.innerHTML = h2.__html), t2.__k = [];
    else if (p2 && (u2.innerHTML = ""), L("template" == t2.type ? u2.content : u2, g$2(v2) ? v2 : [v2], t2, i2, r2, "foreignObject" == x2 ? "http://www.w3.org/1999/xhtml" : o2, e3, f2, e3 ? e3[0] : i2.__k && $(i2, 0), c2, a2), null != e3) for (s2 = e3.length; s2--; ) b$2(e3[s2]);
    c2 && "textarea" != x2 || (s2 = "value", "progress" == x2 && null == w2 ? u2.removeAttribute("value") : null != w2 && (w2 !== u2[s2] || "progress" == x2 && !w2 || "option" == x2 && w2 != m2[s2]) && N(u2, s2, w2, m2[s2], o2), s2 = "checked", null != _2 && _2 != u2[s2] && N(u2, s2, _2, m2[s2], o2));
  }
  return u2;
}
function J(n2, u2, t2) {
  try {
    if ("function" == typeof n2) {
      var i2 = "function" == typeof n2.__u;
      i2 && n2.__u(), i2 && null == u2 || (n2.__u = n2(u2));
    } else n2.current = u2;
  } catch (n3) {
    l$2.__e(n3, t2);
  }
}
function K(n2, u2, t2) {
  var i2, r2;
  if (l$2.unmount && l$2.unmount(n2), (i2 = n2.ref) && (i2.current && i2.current != n2.__e || J(i2, null, u2)), null != (i2 = n2.__c)) {
    if (i2.componentWillUnmount) try {
      i2.componentWillUnmount();
    } catch (n3) {
      l$2.__e(n3, u2);
    }
    i2.base = i2.__P = i2.__n = null;
  }
  if (i2 = n2.__k) for (r2 = 0; r2 < i2.length; r2++) i2[r2] && K(i2[r2], u2, t2 || "function" != typeof n2.type);
  t2 || b$2(n2.__e), n2.__c = n2.__ = n2.__e = void 0;
}
function Q(n2, l2, u2) {
  return this.constructor(n2, u2);
}
function R(u2, t2, i2) {
  var r2, o2, e3, f2;
  t2 == document && (t2 = document.documentElement), l$2.__ && l$2.__(u2, t2), o2 = (r2 = false) ? null : t2.__k, e3 = [], f2 = [], q(t2, u2 = t2.__k = k$2(S$1, null, [u2]), o2 || d$2, d$2, t2.namespaceURI, o2 ? null : t2.firstChild ? n$1.call(t2.childNodes) : null, e3, o2 ? o2.__e : t2.firstChild, r2, f2), D$1(e3, u2, f2), u2.props.children = null;
}
function X(n2) {
  function l2(n3) {
    var u2, t2;
    return this.getChildContext || (u2 = /* @__PURE__ */ new Set(), (t2 = {})[l2.__c] = this, this.getChildContext = function() {
      return t2;
    }, this.componentWillUnmount = function() {
      u2 = null;
    }, this.shouldComponentUpdate = function(n4) {
      this.props.value != n4.value && u2.forEach(function(n5) {
        n5.__e = true, A$2(n5);
      });
    }, this.sub = function(n4) {
      u2.add(n4);
      var l3 = n4.componentWillUnmount;
      n4.componentWillUnmount = function() {
        u2 && u2.delete(n4), l3 && l3.call(n4);
      };
    }), n3.children;
  }
  return l2.__c = "__cC" + y$3++, l2.__ = n2, l2.Provider = l2.__l = (l2.Consumer = function(n3, l3) {
    return n3.children(l3);
  }).contextType = l2, l2;
}
n$1 = w$3.slice, l$2 = { __e: function(n2, l2, u2, t2) {
  for (var i2, r2, o2; l2 = l2.__; ) if ((i2 = l2.__c) && !i2.__) try {
    if ((r2 = i2.constructor) && null != r2.getDerivedStateFromError && (i2.setState(r2.getDerivedStateFromError(n2)), o2 = i2.__d), null != i2.componentDidCatch && (i2.componentDidCatch(n2, t2 || {}), o2 = i2.__d), o2) return i2.__E = i2;
  } catch (l3) {
    n2 = l3;
  }
  throw n2;
} }, u$3 = 0, t$2 = function(n2) {
  return null != n2 && void 0 === n2.constructor;
}, C$1.prototype.setState = function(n2, l2) {
  var u2;
  u2 = null != this.__s && this.__s != this.state ? this.__s : this.__s = m$3({}, this.state), "function" == typeof n2 && (n2 = n2(m$3({}, u2), this.props)), n2 && m$3(u2, n2), null != n2 && this.__v && (l2 && this._sb.push(l2), A$2(this));
}, C$1.prototype.forceUpdate = function(n2) {
  this.__v && (this.__e = true, n2 && this.__h.push(n2), A$2(this));
}, C$1.prototype.render = S$1, i$2 = [], o$2 = "function" == typeof Promise ? Promise.prototype.then.bind(Promise.resolve()) : setTimeout, e$2 = function(n2, l2) {
  return n2.__v.__b - l2.__v.__b;
}, H.__r = 0, f$3 = Math.random().toString(8), c$2 = "__d" + f$3, a$2 = "__a" + f$3, s$2 = /(PointerCapture)$|Capture$/i, h$3 = 0, p$3 = V(false), v$2 = V(true), y$3 = 0;
var f$2 = 0;
function u$2(e3, t2, n2, o2, i2, u2) {
  t2 || (t2 = {});
  var a2, c2, p2 = t2;
  if ("ref" in p2) for (c2 in p2 = {}, t2) "ref" == c2 ? a2 = t2[c2] : p2[c2] = t2[c2];
  var l2 = { type: e3, props: p2, key: n2, ref: a2, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: void 0, __v: --f$2, __i: -1, __u: 0, __source: i2, __self: u2 };
  if ("function" == typeof e3 && (a2 = e3.defaultProps)) for (c2 in a2) void 0 === p2[c2] && (p2[c2] = a2[c2]);
  return l$2.vnode && l$2.vnode(l2), l2;
}
var t$1, r$1, u$1, i$1, o$1 = 0, f$1 = [], c$1 = l$2, e$1 = c$1.__b, a$1 = c$1.__r, v$1 = c$1.diffed, l$1 = c$1.__c, m$2 = c$1.unmount, p$2 = c$1.__;
function s$1(n2, t2) {
  c$1.__h && c$1.__h(r$1, n2, o$1 || t2), o$1 = 0;
  var u2 = r$1.__H || (r$1.__H = { __: [], __h: [] });
  return n2 >= u2.__.length && u2.__.push({}), u2.__[n2];
}
function d$1(n2) {
  return o$1 = 1, y$2(D, n2);
}
function y$2(n2, u2, i2) {
  var o2 = s$1(t$1++, 2);
  if (o2.t = n2, !o2.__c && (o2.__ = [D(void 0, u2), function(n3) {
    var t2 = o2.__N ? o2.__N[0] : o2.__[0], r2 = o2.t(t2, n3);
    t2 !== r2 && (o2.__N = [r2, o2.__[1]], o2.__c.setState({}));
  }], o2.__c = r$1, !r$1.__f)) {
    var f2 = function(n3, t2, r2) {
      if (!o2.__c.__H) return true;
      var u3 = false, i3 = o2.__c.props !== n3;
      if (o2.__c.__H.__.some(function(n4) {
        if (n4.__N) {
          u3 = true;
          var t3 = n4.__[0];
          n4.__ = n4.__N, n4.__N = void 0, t3 !== n4.__[0] && (i3 = true);
        }
      }), c2) {
        var f3 = c2.call(this, n3, t2, r2);
        return u3 ? f3 || i3 : f3;
      }
      return !u3 || i3;
    };
    r$1.__f = true;
    var c2 = r$1.shouldComponentUpdate, e3 = r$1.componentWillUpdate;
    r$1.componentWillUpdate = function(n3, t2, r2) {
      if (this.__e) {
        var u3 = c2;
        c2 = void 0, f2(n3, t2, r2), c2 = u3;
      }
      e3 && e3.call(this, n3, t2, r2);
    }, r$1.shouldComponentUpdate = f2;
  }
  return o2.__N || o2.__;
}
function h$2(n2, u2) {
  var i2 = s$1(t$1++, 3);
  !c$1.__s && C(i2.__H, u2) && (i2.__ = n2, i2.u = u2, r$1.__H.__h.push(i2));
}
function _$1(n2, u2) {
  var i2 = s$1(t$1++, 4);
  !c$1.__s && C(i2.__H, u2) && (i2.__ = n2, i2.u = u2, r$1.__h.push(i2));
}
function A$1(n2) {
  return o$1 = 5, T$1(function() {
    return { current: n2 };
  }, []);
}
function T$1(n2, r2) {
  var u2 = s$1(t$1++, 7);
  return C(u2.__H, r2) && (u2.__ = n2(), u2.__H = r2, u2.__h = n2), u2.__;
}
function x$1(n2) {
  var u2 = r$1.context[n2.__c], i2 = s$1(t$1++, 9);
  return i2.c = n2, u2 ? (null == i2.__ && (i2.__ = true, u2.sub(r$1)), u2.props.value) : n2.__;
}
function j$1() {
  for (var n2; n2 = f$1.shift(); ) {
    var t2 = n2.__H;
    if (n2.__P && t2) try {
      t2.__h.some(z), t2.__h.some(B), t2.__h = [];
    } catch (r2) {
      t2.__h = [], c$1.__e(r2, n2.__v);
    }
  }
}
c$1.__b = function(n2) {
  r$1 = null, e$1 && e$1(n2);
}, c$1.__ = function(n2, t2) {
  n2 && t2.__k && t2.__k.__m && (n2.__m = t2.__k.__m), p$2 && p$2(n2, t2);
}, c$1.__r = function(n2) {
  a$1 && a$1(n2), t$1 = 0;
  var i2 = (r$1 = n2.__c).__H;
  i2 && (u$1 === r$1 ? (i2.__h = [], r$1.__h = [], i2.__.some(function(n3) {
    n3.__N && (n3.__ = n3.__N), n3.u = n3.__N = void 0;
  })) : (i2.__h.some(z), i2.__h.some(B), i2.__h = [], t$1 = 0)), u$1 = r$1;
}, c$1.diffed = function(n2) {
  v$1 && v$1(n2);
  var t2 = n2.__c;
  t2 && t2.__H && (t2.__H.__h.length && (1 !== f$1.push(t2) && i$1 === c$1.requestAnimationFrame || ((i$1 = c$1.requestAnimationFrame) || w$2)(j$1)), t2.__H.__.some(function(n3) {
    n3.u && (n3.__H = n3.u, n3.u = void 0);
  })), u$1 = r$1 = null;
}, c$1.__c = function(n2, t2) {
  t2.some(function(n3) {
    try {
      n3.__h.some(z), n3.__h = n3.__h.filter(function(n4) {
        return !n4.__ || B(n4);
      });
    } catch (r2) {
      t2.some(function(n4) {
        n4.__h && (n4.__h = []);
      }), t2 = [], c$1.__e(r2, n3.__v);
    }
  }), l$1 && l$1(n2, t2);
}, c$1.unmount = function(n2) {
  m$2 && m$2(n2);
  var t2, r2 = n2.__c;
  r2 && r2.__H && (r2.__H.__.some(function(n3) {
    try {
      z(n3);
    } catch (n4) {
      t2 = n4;
    }
  }), r2.__H = void 0, t2 && c$1.__e(t2, r2.__v));
};
var k$1 = "function" == typeof requestAnimationFrame;
function w$2(n2) {
  var t2, r2 = function() {
    clearTimeout(u2), k$1 && cancelAnimationFrame(t2), setTimeout(n2);
  }, u2 = setTimeout(r2, 35);
  k$1 && (t2 = requestAnimationFrame(r2));
}
function z(n2) {
  var t2 = r$1, u2 = n2.__c;
  "function" == typeof u2 && (n2.__c = void 0, u2()), r$1 = t2;
}
function B(n2) {
  var t2 = r$1;
  n2.__c = n2.__(), r$1 = t2;
}
function C(n2, t2) {
  return !n2 || n2.length !== t2.length || t2.some(function(t3, r2) {
    return t3 !== n2[r2];
  });
}
function D(n2, t2) {
  return "function" == typeof t2 ? t2(n2) : t2;
}
var i = /* @__PURE__ */ Symbol.for("preact-signals");
function t() {
  if (!(v > 1)) {
    var i2, t2 = false;
    !(function() {
      var i3 = c;
      c = void 0;
      while (void 0 !== i3) {
        var t3 = i3.S;
        if (t3.v === i3.v) {
          for (var r3 = t3.t; void 0 !== r3; r3 = r3.x) if (r3.i === i3.i) r3.i = t3.i;
        }
        i3 = i3.o;
      }
    })();
    while (void 0 !== h$1) {
      var r2 = h$1;
      h$1 = void 0;
      s++;
      while (void 0 !== r2) {
        var n2 = r2.u;
        r2.u = void 0;
        r2.f &= -3;
        if (!(8 & r2.f) && w$1(r2)) try {
          r2.c();
        } catch (r3) {
          if (!t2) {
            i2 = r3;
            t2 = true;
          }
        }
        r2 = n2;
      }
    }
    s = 0;
    v--;
    if (t2) throw i2;
  } else v--;
}
function r(i2) {
  if (v > 0) return i2();
  u = ++e;
  v++;
  try {
    return i2();
  } finally {
    t();
  }
}
var n, o = void 0;
function f(i2) {
  var t2 = o, r2 = n;
  o = void 0;
  n = void 0;
  try {
    return i2();
  } finally {
    o = t2;
    n = r2;
  }
}
var h$1 = void 0, v = 0, s = 0, e = 0, u = 0, c = void 0, a = 0;
function d(i2) {
  if (void 0 !== o) {
    var t2 = i2.n;
    if (void 0 === t2 || t2.t !== o) {
      t2 = { i: 0, S: i2, p: o.s, n: void 0, t: o, e: void 0, x: void 0, r: t2 };
      if (void 0 !== o.s) o.s.n = t2;
      o.s = t2;
      i2.n = t2;
      if (32 & o.f) i2.S(t2);
      return t2;
    } else if (-1 === t2.i) {
      t2.i = 0;
      if (void 0 !== t2.n) {
        t2.n.p = t2.p;
        if (void 0 !== t2.p) t2.p.n = t2.n;
        t2.p = o.s;
        t2.n = void 0;
        o.s.n = t2;
        o.s = t2;
      }
      return t2;
    }
  }
}
function l(i2, t2) {
  this.v = i2;
  this.i = 0;
  this.n = void 0;
  this.t = void 0;
  this.l = 0;
  this.W = null == t2 ? void 0 : t2.watched;
  this.Z = null == t2 ? void 0 : t2.unwatched;
  this.name = null == t2 ? void 0 : t2.name;
}
l.prototype.brand = i;
l.prototype.h = function() {
  return true;
};
l.prototype.S = function(i2) {
  var t2 = this, r2 = this.t;
  if (r2 !== i2 && void 0 === i2.e) {
    i2.x = r2;
    this.t = i2;
    if (void 0 !== r2) r2.e = i2;
    else f(function() {
      var i3;
      null == (i3 = t2.W) || i3.call(t2);
    });
  }
};
l.prototype.U = function(i2) {
  var t2 = this;
  if (void 0 !== this.t) {
    var r2 = i2.e, n2 = i2.x;
    if (void 0 !== r2) {
      r2.x = n2;
      i2.e = void 0;
    }
    if (void 0 !== n2) {
      n2.e = r2;
      i2.x = void 0;
    }
    if (i2 === this.t) {
      this.t = n2;
      if (void 0 === n2) f(function() {
        var i3;
        null == (i3 = t2.Z) || i3.call(t2);
      });
    }
  }
};
l.prototype.subscribe = function(i2) {
  var t2 = this;
  return x(function() {
    var r2 = t2.value;
    f(function() {
      return i2(r2);
    });
  }, { name: "sub" });
};
l.prototype.valueOf = function() {
  return this.value;
};
l.prototype.toString = function() {
  return this.value + "";
};
l.prototype.toJSON = function() {
  return this.value;
};
l.prototype.peek = function() {
  var i2 = this;
  return f(function() {
    return i2.value;
  });
};
Object.defineProperty(l.prototype, "value", { get: function() {
  var i2 = d(this);
  if (void 0 !== i2) i2.i = this.i;
  return this.v;
}, set: function(i2) {
  if (i2 !== this.v) {
    if (s > 100) throw new Error("Cycle detected");
    !(function(i3) {
      if (0 !== v && 0 === s) {
        if (i3.l !== u) {
          i3.l = u;
          c = { S: i3, v: i3.v, i: i3.i, o: c };
        }
      }
    })(this);
    this.v = i2;
    this.i++;
    a++;
    v++;
    try {
      for (var r2 = this.t; void 0 !== r2; r2 = r2.x) r2.t.N();
    } finally {
      t();
    }
  }
} });
function y$1(i2, t2) {
  return new l(i2, t2);
}
function w$1(i2) {
  for (var t2 = i2.s; void 0 !== t2; t2 = t2.n) if (t2.S.i !== t2.i || !t2.S.h() || t2.S.i !== t2.i) return true;
  return false;
}
function b$1(i2) {
  for (var t2 = i2.s; void 0 !== t2; t2 = t2.n) {
    var r2 = t2.S.n;
    if (void 0 !== r2) t2.r = r2;
    t2.S.n = t2;
    t2.i = -1;
    if (void 0 === t2.n) {
      i2.s = t2;
      break;
    }
  }
}
function _(i2) {
  var t2 = i2.s, r2 = void 0;
  while (void 0 !== t2) {
    var n2 = t2.p;
    if (-1 === t2.i) {
      t2.S.U(t2);
      if (void 0 !== n2) n2.n = t2.n;
      if (void 0 !== t2.n) t2.n.p = n2;
    } else r2 = t2;
    t2.S.n = t2.r;
    if (void 0 !== t2.r) t2.r = void 0;
    t2 = n2;
  }
  i2.s = r2;
}
function j(i2, t2) {
  l.call(this, void 0, t2);
  this.x = i2;
  this.s = void 0;
  this.g = a - 1;
  this.f = 4;
}
j.prototype = new l();
j.prototype.h = function() {
  this.f &= -3;
  if (1 & this.f) return false;
  if (32 == (36 & this.f)) return true;
  this.f &= -5;
  if (this.g === a) return true;
  this.g = a;
  this.f |= 1;
  if (this.i > 0 && !w$1(this)) {
    this.f &= -2;
    return true;
  }
  var i2 = o;
  try {
    b$1(this);
    o = this;
    var t2 = this.x();
    if (16 & this.f || this.v !== t2 || 0 === this.i) {
      this.v = t2;
      this.f &= -17;
      this.i++;
    }
  } catch (i3) {
    this.v = i3;
    this.f |= 16;
    this.i++;
  }
  o = i2;
  _(this);
  this.f &= -2;
  return true;
};
j.prototype.S = function(i2) {
  if (void 0 === this.t) {
    this.f |= 36;
    for (var t2 = this.s; void 0 !== t2; t2 = t2.n) t2.S.S(t2);
  }
  l.prototype.S.call(this, i2);
};
j.prototype.U = function(i2) {
  if (void 0 !== this.t) {
    l.prototype.U.call(this, i2);
    if (void 0 === this.t) {
      this.f &= -33;
      for (var t2 = this.s; void 0 !== t2; t2 = t2.n) t2.S.U(t2);
    }
  }
};
j.prototype.N = function() {
  if (!(2 & this.f)) {
    this.f |= 6;
    for (var i2 = this.t; void 0 !== i2; i2 = i2.x) i2.t.N();
  }
};
Object.defineProperty(j.prototype, "value", { get: function() {
  if (1 & this.f) throw new Error("Cycle detected");
  var i2 = d(this);
  this.h();
  if (void 0 !== i2) i2.i = this.i;
  if (16 & this.f) throw this.v;
  return this.v;
} });
function O(i2, t2) {
  return new j(i2, t2);
}
function p$1(i2) {
  var r2 = i2.j;
  i2.j = void 0;
  if ("function" == typeof r2) {
    v++;
    var n2 = o;
    o = void 0;
    try {
      r2();
    } catch (t2) {
      i2.f &= -2;
      i2.f |= 8;
      g$1(i2);
      throw t2;
    } finally {
      o = n2;
      t();
    }
  }
}
function g$1(i2) {
  for (var t2 = i2.s; void 0 !== t2; t2 = t2.n) t2.S.U(t2);
  i2.x = void 0;
  i2.s = void 0;
  p$1(i2);
}
function S(i2) {
  if (o !== this) throw new Error("Out-of-order effect");
  _(this);
  o = i2;
  this.f &= -2;
  try {
    if (8 & this.f) g$1(this);
  } finally {
    t();
  }
}
function m$1(i2, t2) {
  this.x = i2;
  this.j = void 0;
  this.s = void 0;
  this.u = void 0;
  this.f = 32;
  this.name = null == t2 ? void 0 : t2.name;
  if (n) n.push(this);
}
m$1.prototype.c = function() {
  var i2 = this.S();
  try {
    if (8 & this.f) return;
    if (void 0 === this.x) return;
    var t2 = this.x();
    if ("function" == typeof t2) this.j = t2;
  } finally {
    i2();
  }
};
m$1.prototype.S = function() {
  if (1 & this.f) throw new Error("Cycle detected");
  this.f |= 1;
  this.f &= -9;
  p$1(this);
  b$1(this);
  v++;
  var i2 = o;
  o = this;
  return S.bind(this, i2);
};
m$1.prototype.N = function() {
  if (!(2 & this.f)) {
    this.f |= 2;
    this.u = h$1;
    h$1 = this;
  }
};
m$1.prototype.d = function() {
  this.f |= 8;
  if (!(1 & this.f)) g$1(this);
};
m$1.prototype.dispose = function() {
  this.d();
};
function x(i2, t2) {
  var r2 = new m$1(i2, t2);
  try {
    r2.c();
  } catch (i3) {
    r2.d();
    throw i3;
  }
  var n2 = r2.d.bind(r2);
  n2[Symbol.dispose] = n2;
  return n2;
}
var h, p, m = "undefined" != typeof window && !!window.__PREACT_SIGNALS_DEVTOOLS__, g = [];
x(function() {
  h = this.N;
})();
function b(i2, n2) {
  l$2[i2] = n2.bind(null, l$2[i2] || function() {
  });
}
function y(i2) {
  if (p) {
    var n2 = p;
    p = void 0;
    n2();
  }
  p = i2 && i2.S();
}
function w(i2) {
  var n2 = this, r2 = i2.data, t2 = useSignal(r2);
  t2.name = "ReactiveDom";
  t2.value = r2;
  var e3 = T$1(function() {
    var i3 = n2, r3 = n2.__v;
    while (r3 = r3.__) if (r3.__c) {
      r3.__c.__$f |= 4;
      break;
    }
    var o2 = O(function() {
      var i4 = t2.value.value;
      return 0 === i4 ? 0 : true === i4 ? "" : i4 || "";
    }), e4 = O(function() {
      return !Array.isArray(o2.value) && !t$2(o2.value);
    }), u3 = x(function() {
      this.N = M;
      if (e4.value) {
        var n3 = o2.value;
        if (i3.__v && i3.__v.__e && 3 === i3.__v.__e.nodeType) i3.__v.__e.data = n3;
      }
    }), c3 = n2.__$u.d;
    n2.__$u.d = function() {
      u3();
      c3.call(this);
    };
    return [e4, o2];
  }, []), u2 = e3[0], c2 = e3[1];
  return u2.value ? c2.peek() : c2.value;
}
w.displayName = "ReactiveTextNode";
Object.defineProperties(l.prototype, { constructor: { configurable: true, value: k$2(S$1, null).constructor }, type: { configurable: true, value: w }, props: { configurable: true, get: function() {
  var i2 = this;
  return { data: { get value() {
    return i2.value;
  } } };
} }, __b: { configurable: true, value: 1 } });
b("__b", function(i2, n2) {
  y();
  if ("string" == typeof n2.type) {
    var r2, t2 = n2.props;
    for (var f2 in t2) if ("children" !== f2) {
      var o2 = t2[f2];
      if (o2 instanceof l) {
        if (!r2) n2.__np = r2 = {};
        r2[f2] = o2;
        t2[f2] = o2.peek();
      }
    }
  }
  i2(n2);
});
b("__r", function(i2, r2) {
  i2(r2);
  if (r2.type !== S$1) {
    y();
    var t2, f2 = r2.__c;
    if (f2) {
      f2.__$f &= -2;
      if (void 0 === (t2 = f2.__$u)) f2.__$u = t2 = (function(i3, n2) {
        var r3;
        x(function() {
          r3 = this;
        }, { name: n2 });
        r3.c = i3;
        return r3;
      })(/* @__PURE__ */ (function(i3) {
        return function() {
          var n2;
          if (m) null == (n2 = this.y) || n2.call(this);
          i3.__$f |= 1;
          i3.setState({});
        };
      })(f2), "function" == typeof r2.type ? r2.type.displayName || r2.type.name : "");
    }
    y(t2);
  }
});
b("__e", function(i2, n2, r2, t2) {
  y();
  i2(n2, r2, t2);
});
b("diffed", function(i2, n2) {
  y();
  var r2;
  if ("string" == typeof n2.type && (r2 = n2.__e)) {
    var t2 = n2.__np, f2 = n2.props, o2 = r2.U;
    if (o2) for (var e3 in o2) {
      var u2 = o2[e3];
      if (!(void 0 === u2 || t2 && e3 in t2)) {
        u2.d();
        o2[e3] = void 0;
      }
    }
    if (t2) {
      if (!o2) {
        o2 = {};
        r2.U = o2;
      }
      for (var a2 in t2) {
        var c2 = o2[a2], v2 = t2[a2];
        if (void 0 === c2) {
          c2 = k(r2, a2, v2, f2);
          o2[a2] = c2;
        } else c2.o(v2, f2);
      }
    }
  }
  i2(n2);
});
function k(i2, n2, r2, t2) {
  var f2 = n2 in i2 && void 0 === i2.ownerSVGElement, o2 = y$1(r2);
  return { o: function(i3, n3) {
    o2.value = i3;
    t2 = n3;
  }, d: x(function() {
    this.N = M;
    var r3 = o2.value.value;
    if (t2[n2] !== r3) {
      t2[n2] = r3;
      if (f2) i2[n2] = r3;
      else if (null != r3 && (false !== r3 || "-" === n2[4])) i2.setAttribute(n2, r3);
      else i2.removeAttribute(n2);
    }
  }) };
}
b("unmount", function(i2, n2) {
  if ("string" == typeof n2.type) {
    var r2 = n2.__e;
    if (r2) {
      var t2 = r2.U;
      if (t2) {
        r2.U = void 0;
        for (var f2 in t2) {
          var o2 = t2[f2];
          if (o2) o2.d();
        }
      }
    }
    var e3 = n2.__np;
    if (e3) {
      var u2 = n2.props;
      for (var a2 in e3) u2[a2] = e3[a2];
    }
    n2.__np = void 0;
  } else {
    var c2 = n2.__c;
    if (c2) {
      c2.__$f |= 8;
      var v2 = c2.__$u;
      if (v2) {
        c2.__$u = void 0;
        v2.d();
      }
    }
  }
  i2(n2);
});
b("__h", function(i2, n2, r2, t2) {
  if (t2 < 3) n2.__$f |= 2;
  i2(n2, r2, t2);
});
C$1.prototype.shouldComponentUpdate = function(i2, n2) {
  if (this.__R) return true;
  var r2 = this.__$u, t2 = r2 && void 0 !== r2.s;
  for (var f2 in n2) return true;
  if (this.__f || "boolean" == typeof this.u && true === this.u) {
    var o2 = 2 & this.__$f;
    if (!(t2 || o2 || 4 & this.__$f)) return true;
    if (1 & this.__$f) return true;
  } else {
    if (!(t2 || 4 & this.__$f)) return true;
    if (3 & this.__$f) return true;
  }
  for (var e3 in i2) if ("__source" !== e3 && i2[e3] !== this.props[e3]) return true;
  for (var u2 in this.props) if (!(u2 in i2)) return true;
  return false;
};
function useSignal(i2, n2) {
  return T$1(function() {
    return y$1(i2, n2);
  }, []);
}
var A = function(i2) {
  queueMicrotask(function() {
    queueMicrotask(i2);
  });
};
function F() {
  r(function() {
    var i2;
    while (i2 = g.shift()) h.call(i2);
  });
}
function M() {
  if (1 === g.push(this)) (l$2.requestAnimationFrame || A)(F);
}
const isRef = (value) => typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "offset" in value;
function view(buffer, start2, ref) {
  const length = ref.shape.reduce((product, n2) => product * n2, 1);
  const at = start2 + ref.offset;
  const size = { float32: 4, float64: 8, int32: 4, uint8: 1 }[ref.dtype];
  if (size === void 0) throw new RangeError(`unknown dtype: ${ref.dtype}`);
  if (at + length * size > buffer.byteLength) {
    throw new RangeError(
      `invalid array: ${length} of ${ref.dtype} at ${ref.offset} in ${buffer.byteLength} bytes`
    );
  }
  if (ref.dtype === "float32") return new Float32Array(buffer, at, length);
  if (ref.dtype === "float64") return new Float64Array(buffer, at, length);
  if (ref.dtype === "int32") return new Int32Array(buffer, at, length);
  return new Uint8Array(buffer, at, length);
}
function decode(buffer) {
  if (buffer.byteLength < 8) throw new RangeError(`invalid answer: ${buffer.byteLength} bytes`);
  const length = new DataView(buffer).getUint32(0, true);
  const start2 = 4 + length;
  if (start2 > buffer.byteLength || start2 % 8 !== 0) throw new RangeError(`invalid header length: ${length}`);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const resolve = (value) => {
    if (isRef(value)) return view(buffer, start2, value);
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolve(inner)]));
    }
    return value;
  };
  const top = header;
  return Object.fromEntries(
    Object.entries(top).map(([key, value]) => [key, key === "layouts" ? value : resolve(value)])
  );
}
const ROUTES = ".";
const unknownRow = (line) => ({
  name: typeof line === "string" ? line : line.join("\n"),
  module: "",
  call: 0,
  type: "",
  shape: [],
  numel: null,
  role: "other"
});
class HttpSource {
  constructor(base = ROUTES) {
    this.base = base;
  }
  base;
  layouts = /* @__PURE__ */ new Map();
  async runs(signal) {
    const answer = await this.fetch("runs", { signal });
    const body = await answer.json();
    if (!Array.isArray(body.runs)) throw new Error("missing runs: the answer holds no list");
    return body.runs;
  }
  async series(request, signal) {
    const known2 = [...this.layouts.keys()].filter((key) => key.startsWith(`${request.kind}/`));
    const body = { ...request, known: known2.map((key) => key.slice(request.kind.length + 1)) };
    const header = (await this.post("series", body, signal)).header;
    for (const [id, rows] of Object.entries(header.layouts)) {
      const key = `${request.kind}/${id}`;
      if (!this.layouts.has(key)) this.layouts.set(key, rows);
    }
    const series = header.series.map((one) => {
      const rows = request.rows?.map(unknownRow) ?? this.layouts.get(`${request.kind}/${one.layout}`);
      if (!rows) throw new Error(`missing layout: ${one.layout} of run ${one.run}`);
      const { run, steps, starts, columns } = one;
      const series2 = { run, rows, steps, wallTimes: one.wall_times };
      if (!starts || !columns) return { ...series2, absent: one.absent, values: one.values };
      return { ...series2, absent: new Uint8Array(0), values: {}, reduced: { steps, starts, columns } };
    });
    return { series, missing: header.missing ?? [] };
  }
  async scalars(request, signal) {
    return (await this.post("scalars", request, signal)).header.series;
  }
  async post(route, body, signal) {
    const headers = { "Content-Type": "application/json" };
    const answer = await this.fetch(route, { method: "POST", headers, body: JSON.stringify(body), signal });
    const buffer = await answer.arrayBuffer();
    return { header: decode(buffer), bytes: buffer.byteLength };
  }
  async fetch(route, init) {
    const answer = await fetch(`${this.base}/${route}`, init);
    if (!answer.ok) {
      const text = (await answer.text()).trim().slice(0, 500);
      throw new Error(`${answer.status} ${answer.statusText}${text ? `: ${text}` : ""}`);
    }
    return answer;
  }
}
const DEFAULTS = {
  panel: null,
  runs: null,
  ref: null,
  kind: null,
  statistic: null,
  role: null,
  scale: null,
  row: null,
  step: null,
  runFilter: "",
  rowFilter: "",
  collapsed: null,
  vanishing: 1e-6,
  exploding: 100,
  lo: null,
  hi: null
};
const NO_FOLDS = "@99";
const ROLES = ["weight", "bias", "norm", "embedding", "other", "all"];
const joinList = (items) => items.map((item) => item.replace(/[\\,]/g, "\\$&")).join(",");
function splitList(text) {
  if (text === "") return [];
  const items = [""];
  for (let i2 = 0; i2 < text.length; i2++) {
    if (text[i2] === "\\" && i2 + 1 < text.length) items[items.length - 1] += text[++i2];
    else if (text[i2] === ",") items.push("");
    else items[items.length - 1] += text[i2];
  }
  return items;
}
function encodeState(state) {
  const result = {};
  for (const key of Object.keys(DEFAULTS)) {
    const value = state[key];
    const initial = DEFAULTS[key];
    if (value === null || value === initial) continue;
    if (key === "collapsed" && Array.isArray(value) && value.length === 0) result[key] = NO_FOLDS;
    else if (Array.isArray(value)) result[key] = joinList(value);
    else result[key] = String(value);
  }
  return result;
}
function decodeState(keys) {
  const state = { ...DEFAULTS };
  const text = (key) => keys[key] ?? null;
  const number2 = (key) => {
    const value = keys[key] === void 0 || keys[key].trim() === "" ? Number.NaN : Number(keys[key]);
    return Number.isFinite(value) ? value : null;
  };
  state.panel = text("panel");
  if (keys.runs !== void 0) state.runs = splitList(keys.runs);
  state.ref = text("ref");
  state.kind = text("kind");
  state.statistic = text("statistic");
  if (ROLES.includes(keys.role)) state.role = keys.role;
  if (keys.scale === "linear" || keys.scale === "log") state.scale = keys.scale;
  state.row = text("row");
  state.step = number2("step");
  state.runFilter = keys.runFilter ?? "";
  state.rowFilter = keys.rowFilter ?? "";
  if (keys.collapsed) state.collapsed = splitList(keys.collapsed);
  const vanishing = number2("vanishing");
  if (vanishing !== null && vanishing > 0) state.vanishing = vanishing;
  const exploding = number2("exploding");
  if (exploding !== null && exploding > 0) state.exploding = exploding;
  state.lo = number2("lo");
  state.hi = number2("hi");
  return state;
}
function panelKeys(keys) {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => key.includes(".") && !(key in DEFAULTS)));
}
const PLACE = ["panel", "runs", "ref", "kind", "statistic", "role"];
const placeOf = (keys) => JSON.stringify(PLACE.map((key) => keys[key] ?? null));
function readHash(hash, prefix) {
  const result = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const at = part.indexOf("=");
    if (at < 0 || !part.startsWith(prefix)) continue;
    try {
      result[part.slice(prefix.length, at)] = decodeURIComponent(part.slice(at + 1));
    } catch {
    }
  }
  return result;
}
function writeHash(hash, prefix, keys) {
  const others = hash.replace(/^#/, "").split("&").filter((part) => part !== "" && !part.startsWith(prefix));
  const ours = Object.entries(keys).map(([key, value]) => `${prefix}${key}=${encodeURIComponent(value)}`);
  return `#${[...others, ...ours].join("&")}`;
}
const PREFIX = "p.nnviz.";
const MARK = "nnviz";
function hostWindow() {
  try {
    if (window.parent !== window && window.parent.document) return window.parent;
  } catch {
  }
  return window;
}
class Host {
  window = hostWindow();
  prefix = PREFIX;
  isDark() {
    return this.window.document.body.classList.contains("dark-mode");
  }
  /** TensorBoard keeps hidden tabs alive at height 0. */
  isHidden() {
    return this.window !== window && window.innerHeight === 0;
  }
  /** So that our keys work without a click first, unless something of TensorBoard's own has the focus. */
  takeFocus() {
    const { activeElement, body } = this.window.document;
    if (!this.isHidden() && (activeElement === body || activeElement === null)) window.focus();
  }
  readHash() {
    return this.window.location.hash;
  }
  /** `push`: the view until now stays in the history, for the back button. */
  writeHash(hash, push) {
    if (this.isHidden() || hash === this.readHash()) return;
    const { history, location } = this.window;
    const url = `${location.pathname}${location.search}${hash}`;
    if (push) {
      history.replaceState({ ...history.state, [MARK]: true }, "");
      history.pushState({ ...history.state, [MARK]: true }, "", url);
    } else history.replaceState(history.state, "", url);
  }
  connect(events) {
    const body = this.window.document.body;
    let dark = this.isDark();
    const observer = new MutationObserver(() => {
      if (this.isDark() === dark) return;
      dark = !dark;
      events.darkChanged(dark);
    });
    observer.observe(body, { attributes: true, attributeFilter: ["class"] });
    let hidden = this.isHidden();
    const resized = () => {
      const now = this.isHidden();
      if (hidden && !now) events.shown();
      hidden = now;
    };
    const hash = () => events.hashChanged();
    const back = ({ state }) => {
      if (!this.isHidden() && state?.[MARK]) events.wentBack();
    };
    window.addEventListener("resize", resized);
    this.window.addEventListener("hashchange", hash);
    this.window.addEventListener("popstate", back);
    const port = this.window === window ? null : this.listen(events);
    return () => {
      observer.disconnect();
      window.removeEventListener("resize", resized);
      this.window.removeEventListener("hashchange", hash);
      this.window.removeEventListener("popstate", back);
      port?.close();
    };
  }
  listen(events) {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => {
      const message2 = JSON.parse(data);
      if (message2.isReply) return;
      const reply = { ...message2, payload: null, error: null, isReply: true };
      channel.port1.postMessage(JSON.stringify(reply));
      if (message2.type === "experimental.DataReloaded") events.reloaded();
    };
    this.window.postMessage("experimental.bootstrap", "*", [channel.port2]);
    return channel.port1;
  }
}
const scriptRel = /* @__PURE__ */ (function detectScriptRel() {
  const relList = typeof document !== "undefined" && document.createElement("link").relList;
  return relList && relList.supports && relList.supports("modulepreload") ? "modulepreload" : "preload";
})();
const assetsURL = function(dep, importerUrl) {
  return new URL(dep, importerUrl).href;
};
const seen = {};
const __vitePreload = function preload(baseModule, deps, importerUrl) {
  let promise = Promise.resolve();
  if (deps && deps.length > 0) {
    let allSettled = function(promises$2) {
      return Promise.all(promises$2.map((p2) => Promise.resolve(p2).then((value$1) => ({
        status: "fulfilled",
        value: value$1
      }), (reason) => ({
        status: "rejected",
        reason
      }))));
    };
    const links = document.getElementsByTagName("link");
    const cspNonceMeta = document.querySelector("meta[property=csp-nonce]");
    const cspNonce = cspNonceMeta?.nonce || cspNonceMeta?.getAttribute("nonce");
    promise = allSettled(deps.map((dep) => {
      dep = assetsURL(dep, importerUrl);
      if (dep in seen) return;
      seen[dep] = true;
      const isCss = dep.endsWith(".css");
      const cssSelector = isCss ? '[rel="stylesheet"]' : "";
      if (!!importerUrl) for (let i$12 = links.length - 1; i$12 >= 0; i$12--) {
        const link$1 = links[i$12];
        if (link$1.href === dep && (!isCss || link$1.rel === "stylesheet")) return;
      }
      else if (document.querySelector(`link[href="${dep}"]${cssSelector}`)) return;
      const link = document.createElement("link");
      link.rel = isCss ? "stylesheet" : scriptRel;
      if (!isCss) link.as = "script";
      link.crossOrigin = "";
      link.href = dep;
      if (cspNonce) link.setAttribute("nonce", cspNonce);
      document.head.appendChild(link);
      if (isCss) return new Promise((res, rej) => {
        link.addEventListener("load", res);
        link.addEventListener("error", () => rej(/* @__PURE__ */ new Error(`Unable to preload CSS for ${dep}`)));
      });
    }));
  }
  function handlePreloadError(err$2) {
    const e$12 = new Event("vite:preloadError", { cancelable: true });
    e$12.payload = err$2;
    window.dispatchEvent(e$12);
    if (!e$12.defaultPrevented) throw err$2;
  }
  return promise.then((res) => {
    for (const item of res || []) {
      if (item.status !== "rejected") continue;
      handlePreloadError(item.reason);
    }
    return baseModule().catch(handlePreloadError);
  });
};
const DISTRIBUTIONS = {
  title: "Distributions",
  kind: "What the histograms are of",
  stock: "add_histogram",
  stockTitle: "What you log by add_histogram, as TensorBoard's own plugin holds it",
  view: "View",
  views: { ridges: "Ridgeline", map: "Heat map", layers: "All layers" },
  viewHelp: {
    ridges: "A histogram a step, the newest in front",
    map: "Steps by values, density as colour, quantiles as lines",
    layers: "All layers at the cursor's step"
  },
  height: "Height and colour",
  shared: "shared",
  sharedHelp: "One scale of density for all runs and steps",
  perStep: "per step",
  perStepHelp: "Each histogram as high as its own highest density: shapes compare, heights do not",
  overlay: "outline",
  overlays: { ref: "reference run", first: "first step", none: "none" },
  overlayHelp: "What is drawn over each run's histogram at the cursor's step, as an outline",
  outlineRef: (run, step) => `outline: ${run}, step ${step}`,
  outlineFirst: (step) => `outline: step ${step}`,
  at: (step) => `step ${step}`,
  values: "values",
  whole: "all",
  valuesHelp: "Ends of the value axis, rounded to bins. What lies outside is shown as a strip of its own. You can also drag across a plot; a double click shows all again.",
  from: "from",
  to: "to",
  negative: "negative",
  positive: "positive",
  zoomSide: (side) => `Only ${side} values`,
  perDecade: "share per decade",
  heightHelp: "Height and colour are density: the share of a histogram's elements in a bin, divided by the bin's width in decades, since bins differ in width. The strips beside are shares: a strip that is full holds all elements.",
  heightOf: (peak) => `full height: ${peak} of the elements per decade`,
  nearNote: (floor) => `narrow strips beside 0: nearer to it than ${floor}`,
  absent: "no histogram of this at this step",
  noRow: (row) => `no ${row} in this run`,
  noKind: (kind) => `no histograms of kind ${kind.toLowerCase()} in this run`,
  fromStock: "from TensorBoard's own",
  stockHelp: "Drawn from TensorBoard's own histogram: its buckets are spread over finer bins, and it holds neither NaN nor infinities.",
  part: (part, from, to, floor, exact2) => ({
    nan: "NaN",
    negative_infinity: "−Inf",
    positive_infinity: "+Inf",
    below: `x ${from < 0 ? "≤" : "<"} ${exact2(from)}`,
    above: `x ${to > 0 ? "≥" : ">"} ${exact2(to)}`,
    zero: "exactly 0",
    near_negative: `−${exact2(floor)} < x < 0`,
    near_positive: `0 < x < ${exact2(floor)}`
  })[part] ?? part,
  partLabel: {
    nan: "NaN",
    negative_infinity: "−Inf",
    positive_infinity: "Inf",
    below: "<",
    above: "≥",
    zero: "0",
    near_negative: "",
    near_positive: ""
  },
  partName: {
    nan: "NaN",
    negative_infinity: "−Inf",
    positive_infinity: "+Inf",
    below: "below the axis",
    above: "beyond the axis",
    zero: "exactly 0",
    near: "nearer to 0 than the axis reaches"
  },
  bin: (low, high) => `${low} ≤ x < ${high}`,
  negativeBin: (low, high) => `${low} < x ≤ ${high}`,
  elements: (n2) => n2 === "1" ? "1 element" : `${n2} elements`,
  share: (share, total) => `${share} of ${total}`,
  density: (share) => `${share} per decade`,
  readout: ["p5", "p25", "median", "p75", "p95", "zero", "NaN, Inf", "elements"],
  readoutHelp: [
    "5 % of the elements are at most this",
    "25 % of the elements are at most this",
    "Half of the elements are at most this",
    "75 % of the elements are at most this",
    "95 % of the elements are at most this",
    "Share that is exactly 0",
    "Share that is NaN or infinite",
    "Elements of this histogram"
  ],
  quantileHelp: "Quantiles are of all elements that are not NaN. They are exact to the bin (25 % at most) and interpolated within it.",
  run: "run",
  plot: (run, row, kind) => `${kind} of ${row} in ${run} over steps: histograms`,
  slice: (run, row, step) => `Histogram of ${row} in ${run} at step ${step}`,
  layersOf: (run, step) => `Histograms of all layers of ${run} at step ${step}`,
  openLayer: "Click: open this layer over steps",
  thinned: (kept2, all) => `${kept2} of ${all} steps drawn`,
  legendMedian: "median",
  legendQuarters: "p25, p75",
  legendTails: "p5, p95",
  emptyTitle: "No histograms in these runs",
  emptyHelp: "They are written every 100th step unless you say otherwise, from the read that the statistics make anyhow. histograms_every says how often; None switches them off.",
  emptyCode: "with tb_nnviz.watch(model, optimizer, logdir=..., histograms_every=100) as monitor:",
  what: "the histograms"
};
const KIND_NAMES = {
  parameter: "Parameter",
  gradient: "Gradient",
  update: "Update",
  activation: "Activation",
  activation_gradient: "Activation gradient",
  optimizer: "Optimizer"
};
const STATISTIC_NAMES = {
  norm: "norm",
  rms: "RMS",
  mean: "mean",
  std: "standard deviation",
  min: "minimum",
  max: "maximum",
  absmax: "largest magnitude",
  zero_fraction: "zero fraction",
  nonfinite: "NaN and Inf count",
  count: "element count",
  finite_norm: "norm of finite elements",
  finite_absmax: "largest finite magnitude",
  ratio: "ratio",
  dead_fraction: "dead fraction",
  nonpositive_unit_fraction: "share of units never positive",
  saturated_fraction: "saturated fraction",
  outlier_ratio: "outlier ratio of units",
  first_moment_norm: "first moment norm",
  second_moment_norm: "second moment norm",
  effective_step_size: "effective step size",
  backward_gain: "backward gain"
};
const ROLE_NAMES = {
  weight: "weights",
  bias: "biases",
  norm: "norm layers",
  embedding: "embeddings",
  other: "other parameters",
  all: "all parameters"
};
const AGGREGATES = {
  root_sum_squares: "root of the sum of squares",
  root_mean_square: "root of the mean square of all elements",
  min: "minimum",
  max: "maximum",
  sum: "sum",
  mean: "mean"
};
const kindName = (kind) => KIND_NAMES[kind] ?? kind.replaceAll("_", " ");
function statisticName(kind, statistic) {
  const estimate = statistic.endsWith("~");
  const base = estimate ? statistic.slice(0, -1) : statistic;
  const name = STATISTIC_NAMES[base] ?? base.replaceAll("_", " ");
  if (base === "backward_gain") return upper(name);
  const whole = kind === "optimizer" && base !== "count" ? upper(name) : `${kindName(kind)} ${name}`;
  return `${whole}${estimate ? " (estimate)" : ""}`;
}
const roleName = (role) => ROLE_NAMES[role] ?? role;
const EMPTY_STEPS = [
  { title: "Once, in the environment that trains", code: "pip install tb_nnviz" },
  {
    title: "Around your training loop, which stays as it was",
    code: [
      "import tb_nnviz",
      "",
      'with tb_nnviz.watch(model, optimizer, logdir="runs/first") as monitor:',
      "    for x, y in loader:",
      "        loss = loss_fn(model(x), y)",
      "        loss.backward()",
      "        optimizer.step(); optimizer.zero_grad()",
      "        monitor.log(loss=loss)    # optional"
    ].join("\n")
  },
  { title: "Beside it", code: "tensorboard --logdir runs" }
];
const TEXT = {
  title: "What happens inside the network",
  gradientFlow: "Gradient flow",
  runs: "Runs",
  ofCount: (n2, m2) => `${n2} of ${m2}`,
  runFilter: "filter, e.g. lr|sigmoid",
  rowFilter: "filter layers",
  rowFilterShort: "filter",
  runFilterName: "Filter runs by regular expression",
  rowFilterName: "Filter layers by regular expression",
  badFilter: "invalid regular expression: the last valid one stays",
  noRunMatches: "No run matches.",
  all: "all",
  none: "none",
  allTitle: "Show all runs that the filter lets through",
  noneTitle: "Hide all runs that the filter lets through",
  ref: "ref",
  refTitle: (run) => `Reference run: ${run} is drawn first and gives the order of layers`,
  makeRef: (run) => `Make ${run} the reference run`,
  toggleRun: (run, shown2) => `${shown2 ? "Hide" : "Show"} ${run}`,
  withCost: (what, cost) => `${what}
tb_nnviz took ${cost}`,
  metricTitle: (name, step) => `${name} at step ${step}`,
  hideSide: "Hide the list of runs",
  showSide: "Show the list of runs",
  layers: "Layers",
  layerCount: (n2) => `${n2}`,
  collapseAll: "Collapse all blocks",
  expandAll: "Expand all blocks",
  blockRows: (n2) => `${n2} rows`,
  statistic: "Statistic",
  role: "Parameters shown",
  of: "of",
  scale: "Scale",
  log: "log",
  linear: "linear",
  symlog: "symlog",
  symlogTitle: "Logarithmic both ways from 0, and linear close to it: for values of either sign",
  linearOff: "Factors are drawn on a logarithmic scale",
  thresholds: "thresholds",
  thresholdsHelp: "Gradient norms below or above these are marked in the profile and in the curves.",
  vanishing: "vanishing",
  exploding: "exploding",
  range: "range",
  rangeHelp: "Ends of the colour scale. Empty: 1st to 99th percentile of what is shown, rounded out.",
  auto: "auto",
  rangeLow: "from",
  rangeHigh: "to",
  reset: "Reset",
  step: "step",
  steps: (from, to, count) => count === 1 ? `step ${from}` : `steps ${from} to ${to}, ${count} logged`,
  standsAt: (step) => `at step ${step};`,
  columnFigures: (min, mean, max) => `min ${min}, mean ${mean}, max ${max}`,
  ofColumns: "put together from the largest of each row in these steps: the cursor's step says it exactly",
  columnsStandIn: "The largest of each few steps, until all steps have come",
  stepOf: (step, last) => `step ${step} of ${last}`,
  ofLast: (last) => `of ${last}`,
  play: "Play through the steps",
  pause: "Pause",
  csv: "CSV",
  csvTitle: "Download the values shown as a CSV file",
  png: "PNG",
  pngTitle: "Download this picture as a PNG file",
  profileAt: (step) => `Profile at step ${step}`,
  profileName: "Depth profile: value of each layer at the cursor's step",
  heatmapName: (run, statistic) => `Heat map of ${run}: ${statistic}, layers by steps`,
  overSteps: (statistic) => `${lower(statistic)} over steps`,
  seriesName: (row) => `${row} over steps`,
  legend: "Legend",
  under: "below",
  over: "above",
  exactZero: "exactly 0",
  nonfinite: "NaN, Inf",
  nan: "NaN",
  absent: "absent",
  absentOrUndefined: "absent, or no such figure",
  undefinedFigure: "no such figure",
  axisStep: "step",
  nearestStep: (step) => `step ${step}`,
  nearestTitle: "This run did not log the cursor's step; its nearest one is used.",
  state: {
    value: "",
    under: "below the colour scale",
    over: "above the colour scale",
    zero: "exactly 0",
    nonfinite: "NaN or Inf in this tensor",
    absent: "absent: no such row, or no value at this step",
    undefined: "this layer has no such figure",
    refZero: "the reference is exactly 0",
    refNonfinite: "NaN or Inf in the reference",
    refAbsent: "the reference has no value to compare with",
    header: ""
  },
  nonfiniteOf: (bad, all) => `${bad} of ${all} elements are NaN or Inf`,
  nonfiniteCount: (bad) => `${bad} elements are NaN or Inf`,
  mark: {
    legend: {
      finding: "finding",
      peak: "peak",
      nonfinite: "NaN, Inf between",
      skipped: "skipped step"
    },
    help: {
      finding: () => "What a rule has found, at the step since which it holds.",
      peak: (factor2, spreads, reach) => `A window is the steps from one logged step to the next. Marked is a window's highest gradient norm or loss if it is at least ${factor2} times the median of the ${reach} windows before and of the ${reach} after, and ${spreads} times their spread above it.`,
      nonfinite: () => "Steps that are not logged had gradients or a loss with NaN or Inf.",
      skipped: () => "The GradScaler found NaN or Inf in the gradients and skipped the optimizer's step."
    },
    toolbar: (run, n2) => `Marks of ${run} on the step axis: ${n2}. Arrow left and right: next mark. Enter: move the cursor there.`,
    figure: { gradient_norm: "gradient norm", loss: "loss" },
    at: (step) => `step ${step}`,
    between: (after, until) => `between the logged steps ${after} and ${until}`,
    before: (until) => `before the logged step ${until}`,
    logged: (step) => `at the logged step ${step}`,
    times: (ratio, usual) => `${ratio} times the usual highest of a window, ${usual}`,
    why: (factor2, reach) => `Marked: at least ${factor2} times the median of the ${reach} windows before, and of the ${reach} after.`,
    badSteps: (n2) => n2 === 1 ? "NaN or Inf in the gradients of 1 step" : `NaN or Inf in the gradients of ${n2} steps`,
    badElements: (n2, until) => `${n2} such elements in the window up to step ${until}`,
    skipped: (n2) => n2 === 1 ? "skipped by the GradScaler" : `${n2} steps skipped by the GradScaler`,
    lossScale: (scale) => `loss scale ${scale}`,
    also: (figure, value) => `also ${figure} ${value}`,
    merged: (n2, first, last) => `one of ${n2} marks here, steps ${first} to ${last}`,
    sampled: (kept2, written) => `${kept2} of about ${written} windows kept`,
    sampledHelp: "TensorBoard keeps a sample of long series of scalars. To see every window, start it with --samples_per_plugin=scalars=0"
  },
  flow: {
    compare: "Values or differences",
    value: "value",
    versus: (ref) => `vs ${ref}`,
    valueTitle: "Each run's own values",
    versusTitle: (ref) => `Every run against ${ref} at its nearest step: the ratio, or the difference where values have signs or are shares`,
    versusOff: "Show another run to compare with",
    against: (statistic, ref) => `${statistic} against ${ref}`,
    ratioTo: (ref) => `ratio to ${ref}`,
    differenceTo: (ref) => `difference from ${ref}`,
    asMuch: (nothing, ref) => `${nothing} = ${ref}`,
    isRef: "reference",
    own: (ref) => `${ref}, its own values`,
    at: (run, step) => `${run}, step ${step}`,
    far: "further apart than half a logging interval",
    farChip: "steps far apart",
    farTitle: "Compared with a step of the reference that is further away than half of its logging interval",
    chip: {
      refZero: "reference 0",
      refNonfinite: "reference NaN, Inf",
      refAbsent: "no reference"
    },
    equal: "no difference",
    bothZero: "exactly 0 in both",
    zeroHere: "exactly 0 here",
    noRefStep: "no step",
    band: "5–95 %",
    bandName: "Behind each curve: the 5th to the 95th percentile of each layer over the steps shown",
    bandOf: (from, to) => `5th to 95th percentile, steps ${from} to ${to}`,
    bandSkips: (n2) => `without ${n2} that are NaN or Inf`,
    order: "Order of layers",
    orderTitle: (step, ref) => step === null ? "Order of layers" : `Order of layers: by the values of ${ref} at step ${step}, largest first`,
    byDepth: "depth",
    byName: "name",
    byValue: (step) => `value, step ${step}`,
    zoomed: (from, to) => `steps ${from} – ${to}`,
    zoomReset: "Show all steps",
    gainOf: (before) => `RMS going on to ${before}`,
    gainIn: "RMS coming in",
    gainHelp: "How many times larger the gradient of each element is when it leaves the layer backward.",
    factorHelp: "Ends of the colour scale, as factors. Empty: 1st to 99th percentile of what is shown, rounded out, symmetric about 1.",
    unitLast: (n2) => `unit: an index of the last axis${n2 === null ? "" : `, of ${n2}`}`,
    unitChannel: (n2) => `unit: a channel${n2 === null ? "" : `, of ${n2}`}`,
    unitAxis: (axis) => `unit: an index of axis ${axis}`,
    unitColumns: "columns of the image here, not channels: the layer itself is no convolution"
  },
  activations: {
    title: "Activations",
    whatListing: "the list of maps",
    whatMaps: "the maps",
    whatInputs: "the probe's inputs",
    whatHistory: "this unit's history",
    emptyTitle: "No activation maps in these runs",
    emptyHelp: "A probe is a fixed batch of inputs. The model is run on it now and then, in eval mode and without gradients, and what its layers put out is kept as maps.",
    emptyCode: [
      "probe = next(iter(test_loader))[0][:8]",
      'with tb_nnviz.watch(model, optimizer, logdir="runs/first", probe=probe) as monitor:'
    ].join("\n"),
    colours: "Colours",
    colourNames: {
      viridis: "viridis",
      magma: "magma",
      cividis: "cividis",
      grey: "grey",
      diverging: "around 0"
    },
    scale: "Scale",
    scaleNames: { layer: "layer scale", channel: "unit", fixed: "fixed" },
    scaleTitles: {
      layer: "One scale for all runs and units that are shown",
      channel: "Each unit of each run from its own least to its own greatest value",
      fixed: "From 0 to a number of your choice, the same at every step"
    },
    fixedTo: "to",
    mode: "Values or differences",
    maps: "maps",
    versus: (run) => `vs ${run}`,
    versusTitle: (run) => `Each run's values less those of ${run}, place by place`,
    versusNone: "Select a second run to see differences",
    order: "Order of units",
    orderNames: { activity: "by activity", index: "by index" },
    orderTitle: "By activity: by the largest magnitude at the reference run's last step, so that a unit keeps its place at every step and in every run.",
    sample: "Sample",
    sampleOf: (n2, all) => `${n2} of ${all}`,
    previousSample: "Previous sample of the probe",
    nextSample: "Next sample of the probe",
    labelled: (label) => `“${label}”`,
    input: "Input",
    inputName: (n2) => `Input: sample ${n2} of the probe`,
    inputChannel: (n2, all) => `first of ${all} channels`.replace("first", `channel ${n2}`),
    inputOf: (run) => `of ${run}: the runs' probes differ`,
    noInput: "The probe's inputs were not logged.",
    noInputHelp: (code) => `${code} logs them once. They may be private.`,
    noInputCode: "probe_inputs=True",
    nouns: {
      channel: ["channel", "channels"],
      feature: ["feature", "features"],
      head: ["head", "heads"],
      unit: ["unit", "units"]
    },
    short: { channel: "ch", feature: "f", head: "head", unit: "u" },
    axes: {
      height: "row",
      width: "column",
      length: "place",
      token: "token",
      query: "query",
      key: "key",
      sample: "sample"
    },
    kept: (kept2, all, noun) => `${kept2} of ${all} ${noun} kept`,
    pooled: (sizes) => `averaged from ${sizes}`,
    cut: (axis, kept2, all) => `first ${kept2} of ${all} ${axis}s`,
    slice: (axis) => `middle slice of ${axis}`,
    dead: "dead",
    constant: "constant",
    notFinite: "NaN, Inf",
    notKept: "not kept",
    all: (n2, noun) => `${n2} ${noun}`,
    deadCount: (n2, all, noun) => `${n2} of ${all} ${noun} dead`,
    nonfiniteCount: (n2, all) => `NaN, Inf in ${n2} of ${all}`,
    deadTitle: "Exactly 0 for every sample of the probe and at every place",
    noMaps: "This run has no maps of this layer.",
    noMapAt: "This run's map could not be shown.",
    noPicture: (axes) => `A map of ${axes} cannot be drawn.`,
    otherSize: (own, other) => `No difference: this layer is ${own} here and ${other} in the reference run.`,
    reference: "reference",
    difference: "difference",
    grid: (run, layer) => `Activation maps of ${run}, layer ${layer}`,
    unitName: (noun, id, run, state) => `${noun} ${id} of ${run}${state && `, ${state}`}`,
    open: "Enter or click: its history",
    legend: "Colour scale",
    ownScale: "each unit its own",
    least: "least",
    greatest: "greatest",
    value: "value",
    place: (parts) => parts,
    attends: (query, key) => `“${query}” attends to “${key}”`,
    quantized: (by) => `within ± ${by}: a byte a value, 1/255 of the range`,
    figures: (min, max, mean) => `all samples: min ${min}, max ${max}, mean ${mean}`,
    lessReference: (own, other) => `${own} here, ${other} in the reference run`,
    history: {
      title: (noun, id) => `${noun} ${id}`,
      over: (layer) => `of ${layer} over steps`,
      close: "Close (Esc)",
      max: "greatest value over all samples",
      mean: "mean over all samples",
      strip: (run) => `Maps of ${run} at all steps`,
      frame: (step) => `step ${step}: move the cursor there`,
      hint: "One colour scale for all steps and runs. Click a picture to move the cursor to its step."
    },
    colon: (axis, label) => `${axis} ${label}`
  },
  distributions: DISTRIBUTIONS,
  weights: {
    title: "Weights",
    what: "the weights",
    whatTracks: "the single weights",
    emptyTitle: "No weights yet",
    emptyHelp: "The runs shown hold no maps of weights. They are written by default every 500 steps, the first at step 0; short runs take a smaller number. tracked_weights says which single weights are followed: the first ten of each layer, unless told otherwise.",
    emptyCode: "tb_nnviz.watch(model, optimizer, logdir=..., weights_every=100, tracked_weights=10)",
    show: "What is shown of each weight",
    minus: {
      none: "weights",
      ref: "− reference",
      first: "− first"
    },
    minusTitle: {
      none: "The weights themselves",
      ref: "How far they are from those of the reference run, at the nearest step",
      first: "How far they have moved since the first step that is kept"
    },
    reduction: { mean: "mean", min: "min", max: "max" },
    reductionName: "Figure of a tile",
    reductionTitle: "Several weights share a cell here: their mean, their smallest, or their largest",
    reductionOff: "Differences are those of means",
    range: "Range",
    rangeLayer: "layer",
    rangeHelp: "Colours go from minus this to plus this, around 0, for all runs. Left empty it fits the layer over all its steps; what lies beyond is marked as such.",
    rangeField: "up to ±",
    column: (run, name, step) => `${name} of ${run} at step ${step}`,
    at: (step) => `step ${step}`,
    unlike: "another shape than the reference",
    isReference: "the reference",
    noMap: "no map of this layer",
    noTracks: "no single weights of this layer",
    weight: (name, where) => `${name}[${where}]`,
    tile: (n2) => `tile of ${n2} weights`,
    three: (mean, min, max) => `mean ${mean} · min ${min} · max ${max}`,
    steps: (size) => `stored in steps of ${size}`,
    differs: (size) => `differences below ${size} do not show`,
    other: (run, value) => `${run}: ${value}`,
    norms: (row, column) => `Bars: norm of each ${row} (right) and ${column} (below)`,
    line: { row: "row", column: "column", out: "output channel", in: "input channel" },
    lines: { row: "rows", column: "columns", out: "output channels", in: "input channels" },
    zeroLines: (n2, least, lines) => `${least ? "at least " : ""}${n2} ${lines} all 0`,
    large: (line, name, times) => `${line} ${name}: ${times} × the usual norm`,
    still: (n2, all, what) => `${n2} of ${all} ${what} unmoved`,
    kernels: "kernels",
    nonfinite: (n2) => `${n2} NaN or Inf`,
    kept: (parts) => `shown: ${parts}`,
    keptOf: (kept2, size, lines) => `${kept2} of ${size} ${lines}`,
    tiles: (high, wide) => `tiles of ${high} × ${wide}`,
    zeroDifference: "no difference",
    zeroMark: "0 in a margin: norm is 0",
    tracks: "Single weights",
    tracksCut: (lo, hi) => `cut at ${lo} and ${hi}`,
    each: "each run",
    one: "one weight",
    tracksView: "Single weights: each run by itself, or one weight in all runs",
    which: "Which weight",
    tracksName: (run, name) => `Single weights of ${name} in ${run}, over steps`,
    tracksAll: (name) => `${name} over steps, all runs`,
    shown: "Weights of this layer, a map a run"
  },
  structure: {
    title: "Structure",
    what: "the structure of the models",
    elsewhere: (statistic) => `${statistic} compares layers with each other: Gradient flow shows it.`,
    emptyTitle: "No structure in these runs",
    emptyHelp: "The layers of a model, and how data flowed through them, are recorded in the first training pass that is logged.",
    emptyCode: 'tb_nnviz.watch(model, optimizer, logdir="runs/first")',
    show: "What is shown",
    table: "table",
    both: "both",
    graph: "graph",
    runOf: "Run whose dataflow and sums are shown",
    fold: "fold",
    unfold: "unfold",
    foldOne: (name) => `Fold ${name}`,
    unfoldOne: (name) => `Unfold ${name}`,
    tableName: "Layers of the models, in order of execution",
    layer: "Layer",
    type: "Type",
    output: "Output",
    outputHelp: "Shape of the output of the first call, without the batch axis",
    parameters: "Parameters",
    parametersHelp: "Elements; of a block with all that it holds. Shared ones count where they are first.",
    trainable: "Trainable",
    frozen: "Not trainable",
    calls: "Calls",
    callsHelp: "In one forward pass",
    memory: "Memory",
    memoryHelp: "Of the outputs, for the batch that was observed",
    overSteps: "Over steps",
    shared: "shared",
    sharedTotal: "Shared",
    total: "Total",
    buffers: "Buffers",
    held: "Parameters and buffers",
    forward: (batch) => batch === null ? "Outputs" : `Outputs of a batch of ${batch}`,
    between: (low, high) => `(${low} to ${high} in these runs)`,
    exactBytes: (bytes) => `${bytes} bytes`,
    parametersOf: (own) => [
      `${own.parameters.toLocaleString("en")} parameters, ${own.trainable.toLocaleString("en")} trainable`,
      own.shared > 0 ? `${own.shared.toLocaleString("en")} more are another layer's too, and count there` : "",
      own.buffers > 0 ? `${own.buffers.toLocaleString("en")} elements of buffers` : ""
    ].filter(Boolean).join("\n"),
    shapes: (input, output) => output === "" ? "" : `${input === "" ? "" : `${input} → `}${output}`,
    scalar: "one number",
    model: "the model",
    notIn: (run) => `not in ${run}`,
    onlyIn: (run) => `only in ${run}`,
    typeIn: (type, run) => `${type} in ${run}`,
    shapeIn: (shape, run) => `${shape} in ${run}`,
    parametersIn: (count, run) => `${count} parameters in ${run}`,
    differWithin: (n2) => `${n2} within`,
    stands: "Of parameters: a layer's weights, or what else it has. A block: all that it holds.",
    noGraph: (run) => `No dataflow of ${run}`,
    noGraphHelp: "It is recorded in the first logged training pass, and this run was logged without. Of compiled models there is none.",
    graphName: (run) => `Dataflow of ${run}, from its inputs at the top to its output`,
    graphKeys: "drawing: arrows move it, plus and minus zoom, 0 fits it",
    zoomIn: "Zoom in (+)",
    zoomOut: "Zoom out (-)",
    fit: "fit",
    fitHelp: "Show the whole drawing (0)",
    limited: "Some blocks are drawn folded: there would be too many boxes.",
    outputEnd: "output",
    earlier: "from an earlier pass",
    carries: (shape) => `carries ${shape}`,
    via: (operators) => `through ${operators}`,
    assumed: "assumed: computed without gradients, so it could not be observed",
    makes: (shape) => `${shape}`,
    withParameters: (names) => `with parameters ${names}`,
    ranIn: (module) => `in ${module}`,
    calls_: (n2) => n2 === 1 ? "1 call" : `${n2} calls`,
    typed: (type, input, output) => `${type} ${input}${input && output ? " → " : ""}${output}`,
    nodeName: (name, type, statistic, value, differs) => `${name}, ${type}, ${statistic} ${value}${differs === "" ? "" : `, differs: ${differs}`}`
  },
  curves: {
    title: "Curves",
    what: "the scalars",
    charts: {
      gradient_norm: "Gradient norm",
      learning_rate: "Learning rate",
      clipping: "Clipping",
      loss_scale: "Loss scale",
      skipped: "Skipped steps",
      overhead_seconds: "Seconds that tb_nnviz took a step",
      window_gradient_norm_max: "Highest gradient norm since the last logged step",
      window_loss_max: "Highest loss since the last logged step",
      window_nonfinite: "Steps with NaN or Inf since the last logged step",
      window_skipped_steps: "Steps skipped since the last logged step"
    },
    own: (name) => `${name} (SummaryWriter)`,
    parts: { train: "train", validation: "validation", test: "test" },
    labels: {
      gradient_norm: ["after clipping", "before clipping"],
      clipping: ["factor", "rate"]
    },
    group: (name) => `group ${name}`,
    smoothing: "smoothing",
    smoothingHelp: "Exponential moving average as TensorBoard's; the raw line stands faint behind it.",
    x: "Horizontal axis",
    xModes: { step: "step", relative: "relative", wall: "wall" },
    xTitles: {
      step: "By optimizer step",
      relative: "By time since the run's first logged step",
      wall: "By time of day"
    },
    y: "Vertical axis",
    yModes: { auto: "auto", log: "log", linear: "linear" },
    yTitles: {
      auto: "Log where a chart's values span decades, else linear",
      log: "Log wherever there are positive values",
      linear: "Linear"
    },
    outliers: "outliers",
    outliersTitle: "Let far outliers stretch the vertical axes",
    filter: "filter charts",
    filterName: "Filter charts by regular expression",
    noChart: "No chart matches",
    noChartHelp: "Change the filter.",
    pin: (title, on) => on ? `Unpin ${title}` : `Pin ${title} to the top`,
    enlarge: (title, on) => on ? `Make ${title} small again` : `Enlarge ${title}`,
    reset: "Show all steps",
    chart: (title, from, to) => `${title}, from ${from} to ${to}. Click: cursor. Drag: zoom. Double click: all steps.`,
    beyond: (n2) => n2 === 1 ? "1 value beyond the axis" : `${n2} values beyond the axis`,
    byTime: (label) => `${label} by time`,
    byTimeTitle: (tag) => `The steps of ${tag} are not optimizer steps (epochs, perhaps): its points stand where the run was when they were written.`,
    explain: (step) => `What happened at step ${step}`,
    explainTitle: (run) => `Opens Gradient flow at the layer of ${run} whose gradient norm or update ratio rose most against its own median of the logged steps before`,
    explaining: "Looking…",
    unexplained: "No layer is known to have changed there: too few steps are logged before it.",
    marks: {
      peak: (figure, step, ratio) => `Peak of ${figure} at step ${step}, ${ratio} times its usual value: show the layer it came from`,
      skipped: (step) => `Step ${step} was skipped by the GradScaler`,
      finding: (title, layer, step) => `${title}: ${layer}, since step ${step}`
    },
    value: (run, label, value, step) => `${run}${label === "" ? "" : `, ${label}`}: ${value} at step ${step}`,
    smoothed: (value) => `smoothed ${value}`,
    away: (step) => `@${step}`,
    emptyTitle: "No scalars in these runs",
    emptyHelp: "What monitor.log is given once a step is drawn here, with our own figures beside it.",
    emptyCode: "monitor.log(loss=loss)          # in the training loop\nmonitor.log(val_loss=val_loss)  # after validation"
  },
  health: {
    title: "Findings",
    what: "what was found in these runs",
    severity: { severe: "severe", warning: "warning", notice: "notice" },
    showIt: "Show",
    hide: "Fold the findings to one line",
    show: "Show the findings",
    inRun: (title, run) => `${title} in ${run}`,
    one: (layer, since) => `${layer}, since step ${since}`,
    many: (n2, layer, since) => `${n2} layers, first ${layer} at step ${since}`,
    norm: (value, step) => `norm ${value} at step ${step}`,
    nonfinite: "NaN or Inf",
    more: (n2) => `and ${n2} more layers`,
    others: (n2) => n2 === 1 ? "1 more run with findings" : `${n2} more runs with findings`,
    othersTitle: (runs, n2) => `Not shown now, and something was found in ${n2 === 1 ? "it" : "them"}:
${runs.join("\n")}${n2 > runs.length ? `
and ${n2 - runs.length} more` : ""}`,
    onlyShown: "only the shown runs",
    unread: (n2) => n2 === 1 ? "1 could not be read" : `${n2} could not be read`,
    cost: "tb_nnviz took",
    range: (low, high) => `${low.replace(" %", "")} to ${high}`,
    costOf: (share, ms, steps, sampled) => `${share} of the run (${ms} ms at each of ${sampled ? "about " : ""}${steps} logged steps)`,
    costHelp: "Time that training waited for tb_nnviz at logged steps, as a share of the wall time between the first and the last of them: mean of the points that TensorBoard kept, times the number of logged steps. Not in it: steps that are not logged, and the writer's own thread."
  },
  aggregated: (rule, n2) => `${AGGREGATES[rule] ?? rule} of ${n2} rows`,
  elements: (n2) => `${n2} elements`,
  loading: "Loading…",
  loadingRuns: (done, of) => `Loading… ${done} of ${of} runs`,
  retry: "Retry",
  failed: (what) => `Could not load ${what}`,
  whatRuns: "the list of runs",
  whatPanel: (title) => `the panel ${title}`,
  whatSeries: "the values",
  whatMarks: "the marks of what happened between logged steps",
  renderFailed: "tb_nnviz could not draw this page",
  noData: (statistic) => `no ${lower(statistic)} in this run`,
  noMoments: "Adam and its family have it.",
  noneSelected: "No run selected",
  noneSelectedHelp: "Choose one or more runs in the list at the left.",
  noLines: "No layer matches",
  noLinesHelp: "Change the filter or the parameters shown.",
  emptyTitle: "Nothing to see inside yet",
  emptyHelp: "No run in this log directory has data of tb_nnviz. One line around your training loop writes it; this page fills while the training runs.",
  emptyReload: "Already training? The first values come with the first logged step: press TensorBoard's reload button.",
  fillsIt: "What fills it",
  copy: "Copy",
  copied: "Copied",
  tree: "Layers, in the order in which they run",
  toggleBlock: (block, collapsed) => `${collapsed ? "Expand" : "Collapse"} ${block}`,
  stage: "Layers by steps, one map a run. Press ? for the keys.",
  keys: {
    title: "Keys",
    open: "Keys (?)",
    close: "Close",
    list: [
      { keys: ["←", "→"], what: "cursor to the previous or next logged step" },
      { keys: ["Shift ←", "Shift →"], what: "ten logged steps" },
      { keys: ["Home", "End"], what: "first or last step" },
      { keys: ["k", "j"], what: "previous or next layer; also ↑ and ↓" },
      { keys: ["+", "−", "0"], what: "Gradient flow: zoom the steps in, out, all of them" },
      { keys: ["1", "…", "6"], what: "panels, in the order of their tabs" },
      { keys: ["/"], what: "filter the layers" },
      { keys: ["Esc"], what: "close what is open" },
      { keys: ["?"], what: "this list" }
    ]
  },
  panels: "Panels"
};
function upper(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
const PANELS = [
  { id: "gradient_flow", title: TEXT.gradientFlow, load: () => __vitePreload(() => import("./gradient_flow-D4Nzqavk.js"), true ? [] : void 0, import.meta.url) },
  { id: "activations", title: TEXT.activations.title, load: () => __vitePreload(() => import("./activations-BSGQGisI.js"), true ? [] : void 0, import.meta.url) },
  { id: "distributions", title: TEXT.distributions.title, load: () => __vitePreload(() => import("./distributions-CJb7C1F5.js"), true ? [] : void 0, import.meta.url) },
  { id: "weights", title: TEXT.weights.title, load: () => __vitePreload(() => import("./weights-DFcAmrv8.js"), true ? [] : void 0, import.meta.url) },
  { id: "structure", title: TEXT.structure.title, load: () => __vitePreload(() => import("./structure-BZunlP7A.js"), true ? [] : void 0, import.meta.url) },
  { id: "curves", title: TEXT.curves.title, load: () => __vitePreload(() => import("./curves-Bqw2-iKQ.js"), true ? [] : void 0, import.meta.url) }
];
const panelOf = (id) => PANELS.find((panel) => panel.id === id) ?? PANELS[0];
const MOST_BYTES$1 = 96e6;
class Answers {
  constructor(source, isHidden) {
    this.source = source;
    this.isHidden = isHidden;
  }
  source;
  isHidden;
  /** Grows with each reload. */
  generation = y$1(0);
  /** Questions that are on their way. */
  pending = 0;
  kept = /* @__PURE__ */ new Map();
  stale = false;
  /** A hidden tab only remembers that it is out of date. */
  reload() {
    if (this.isHidden()) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.kept.clear();
    this.generation.value++;
  }
  shown() {
    if (this.stale) this.reload();
  }
  /** The header of an answer that is at hand, or null. */
  peek(route, body) {
    return this.kept.get(keyOf(route, body))?.header ?? null;
  }
  async ask(route, body, abort) {
    const key = keyOf(route, body);
    const had = this.kept.get(key);
    if (had) {
      this.kept.delete(key);
      this.kept.set(key, had);
      return had.header;
    }
    const generation = this.generation.value;
    this.pending++;
    let answer;
    try {
      answer = await this.source.post(route, body, abort);
    } finally {
      this.pending--;
    }
    if (generation === this.generation.value && !abort.aborted) this.keep(key, answer);
    return answer.header;
  }
  keep(key, answer) {
    this.kept.set(key, answer);
    let total = 0;
    for (const { bytes } of this.kept.values()) total += bytes;
    for (const [oldest, { bytes }] of this.kept) {
      if (total <= MOST_BYTES$1 || oldest === key) break;
      this.kept.delete(oldest);
      total -= bytes;
    }
  }
}
const keyOf = (route, body) => `${route} ${JSON.stringify(body)}`;
function nearest(steps, step) {
  let lo = 0;
  let hi = steps.length;
  while (lo < hi) {
    const mid = lo + hi >> 1;
    if (steps[mid] < step) lo = mid + 1;
    else hi = mid;
  }
  if (lo === steps.length) return lo - 1;
  if (lo > 0 && step - steps[lo - 1] <= steps[lo] - step) return lo - 1;
  return lo;
}
function median(values) {
  const sorted = [...values].sort((a2, b2) => a2 - b2);
  const mid = sorted.length >> 1;
  return sorted.length % 2 ? sorted[mid] : (sorted[mid - 1] + sorted[mid]) / 2;
}
function spacing(steps) {
  const gaps = [];
  for (let i2 = 1; i2 < steps.length; i2++) gaps.push(steps[i2] - steps[i2 - 1]);
  return gaps.length ? median(gaps) : 1;
}
function cellEdges(steps) {
  const known2 = edgesOf.get(steps);
  if (known2) return known2;
  const n2 = steps.length;
  const usual = spacing(steps);
  const edges = new Float64Array(2 * n2);
  for (let i2 = 0; i2 < n2; i2++) {
    const before = i2 > 0 ? Math.min(usual, (steps[i2] - steps[i2 - 1]) / 2) : usual / 2;
    const after = i2 < n2 - 1 ? Math.min(usual, (steps[i2 + 1] - steps[i2]) / 2) : usual / 2;
    edges[2 * i2] = steps[i2] - before;
    edges[2 * i2 + 1] = steps[i2] + after;
  }
  edgesOf.set(steps, edges);
  return edges;
}
const edgesOf = /* @__PURE__ */ new WeakMap();
function columnEdges(steps, starts) {
  const known2 = edgesOf.get(starts);
  if (known2) return known2;
  const edges = cellEdges(steps);
  const result = new Float64Array(2 * starts.length);
  for (let i2 = 0; i2 < starts.length; i2++) {
    const last = (i2 + 1 < starts.length ? starts[i2 + 1] : steps.length) - 1;
    result[2 * i2] = edges[2 * starts[i2]];
    result[2 * i2 + 1] = edges[2 * last + 1];
  }
  edgesOf.set(starts, result);
  return result;
}
const edgesOfGrid = ({ steps, reduced }) => reduced ? columnEdges(reduced.steps, reduced.starts) : cellEdges(steps);
function stepDomain(runs) {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (const steps of runs) {
    if (steps.length === 0) continue;
    const edges = cellEdges(steps);
    lo = Math.min(lo, edges[0]);
    hi = Math.max(hi, edges[edges.length - 1]);
  }
  return lo < hi ? [lo, hi] : [-0.5, 0.5];
}
const toPixel = (step, domain, width) => (step - domain[0]) / (domain[1] - domain[0]) * width;
const toStep = (x2, domain, width) => domain[0] + x2 / width * (domain[1] - domain[0]);
function cellPixels(steps, domain, width) {
  return edgePixels(cellEdges(steps), domain, width);
}
const gridPixels = (grid, domain, width) => edgePixels(edgesOfGrid(grid), domain, width);
function edgePixels(edges, domain, width) {
  const pixels = new Int32Array(edges.length);
  for (let i2 = 0; 2 * i2 < edges.length; i2++) {
    const from = toPixel(edges[2 * i2], domain, width);
    const to = toPixel(edges[2 * i2 + 1], domain, width);
    const whole = Math.round(to) > Math.round(from);
    const left = Math.min(width - 1, Math.max(0, whole ? Math.round(from) : Math.floor((from + to) / 2)));
    pixels[2 * i2] = left;
    pixels[2 * i2 + 1] = Math.min(width, whole ? Math.max(left + 1, Math.round(to)) : left + 1);
  }
  return pixels;
}
const gridSpans = (grid, domain, width) => spansOf(gridPixels(grid, domain, width), width);
function spansOf(pixels, width) {
  const spans = new Int32Array(2 * width).fill(-1);
  for (let i2 = 0; 2 * i2 < pixels.length; i2++) {
    for (let p2 = pixels[2 * i2]; p2 < pixels[2 * i2 + 1]; p2++) {
      if (spans[2 * p2] < 0) spans[2 * p2] = i2;
      spans[2 * p2 + 1] = i2;
    }
  }
  return spans;
}
function allSteps(runs) {
  const set = /* @__PURE__ */ new Set();
  const others = runs.filter((steps, i2) => i2 === 0 || !sameItems(steps, runs[0]));
  for (const steps of others) for (let i2 = 0; i2 < steps.length; i2++) set.add(steps[i2]);
  return Float64Array.from(set).sort();
}
function sameItems(a2, b2) {
  if (a2.length !== b2.length) return false;
  for (let i2 = 0; i2 < a2.length; i2++) if (a2[i2] !== b2[i2]) return false;
  return true;
}
const OCCURS = { nonfinite: 4, absent: 8 };
const WIDTHS = [128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];
const roundWidth = (pixels) => WIDTHS.find((width) => width >= pixels) ?? WIDTHS[WIDTHS.length - 1];
function widthFor(runs, pixels, screen) {
  const guess = (screen - 560) / Math.max(1, runs);
  const least = runs <= 4 ? 384 : runs <= 8 ? 192 : 128;
  return roundWidth(Math.max(least, pixels > 0 ? pixels : guess));
}
function standing({ min, max, states }) {
  const values = new Float32Array(states.length);
  for (let i2 = 0; i2 < states.length; i2++) {
    values[i2] = states[i2] & OCCURS.nonfinite ? Number.NaN : -min[i2] > max[i2] ? min[i2] : max[i2];
  }
  return values;
}
function asColumns(series) {
  const { reduced } = series;
  if (!reduced) return series;
  const { starts, steps, columns } = reduced;
  const end = (i2) => i2 + 1 < starts.length ? starts[i2 + 1] : steps.length;
  const middle = Array.from(starts, (start2, i2) => start2 + end(i2) - 1 >> 1);
  const names = Object.keys(columns);
  const states = columns[names[0]]?.states ?? new Uint8Array(0);
  const absent = new Uint8Array(states.length);
  for (let i2 = 0; i2 < states.length; i2++) if (states[i2] === OCCURS.absent) absent[i2] = 1;
  return {
    ...series,
    steps: Float64Array.from(middle, (i2) => steps[i2]),
    wallTimes: Float64Array.from(middle, (i2) => series.wallTimes[i2]),
    absent,
    values: Object.fromEntries(names.map((name) => [name, standing(columns[name])]))
  };
}
const loggedSteps = ({ steps, reduced }) => reduced?.steps ?? steps;
function cellAt(grid, step) {
  const at = nearest(loggedSteps(grid), step);
  return grid.reduced ? columnOf(grid.reduced.starts, at) : at;
}
function columnOf(starts, index) {
  let lo = 0;
  let hi = starts.length;
  while (lo < hi) {
    const mid = lo + hi >> 1;
    if (starts[mid] <= index) lo = mid + 1;
    else hi = mid;
  }
  return lo - 1;
}
function cellStep(grid, line, at) {
  const { reduced } = grid;
  if (!reduced) return grid.steps[at];
  const source = reduced.sources[line];
  const start2 = reduced.starts[at];
  if (!source) return grid.steps[at];
  const { at: offset } = firstOf(source.series);
  return reduced.steps[start2 + offset[at * source.series.rows.length + source.row]];
}
function columnDetail(grid, line, at) {
  const { reduced } = grid;
  if (!reduced) return null;
  const first = reduced.starts[at];
  const last = (at + 1 < reduced.starts.length ? reduced.starts[at + 1] : reduced.steps.length) - 1;
  const where = { from: reduced.steps[first], to: reduced.steps[last], count: last - first + 1 };
  const source = reduced.sources[line];
  if (!source) return { ...where, figures: null, states: 0 };
  const { min, mean, max, states } = firstOf(source.series);
  const i2 = at * source.series.rows.length + source.row;
  return { ...where, figures: { min: min[i2], mean: mean[i2], max: max[i2] }, states: states[i2] };
}
const firstOf = (series) => Object.values(series.reduced.columns)[0];
function oneRow(series, row) {
  const n2 = series.rows.length;
  const pick = (from) => {
    const made = new from.constructor(from.length / n2);
    for (let i2 = 0; i2 < made.length; i2++) made[i2] = from[i2 * n2 + row];
    return made;
  };
  const { reduced } = series;
  return {
    ...series,
    rows: [series.rows[row]],
    absent: pick(series.absent),
    values: each(series.values, pick),
    ...reduced && {
      reduced: {
        ...reduced,
        columns: each(reduced.columns, (of) => changed(of, pick))
      }
    }
  };
}
function oneStep(series, at) {
  const n2 = series.rows.length;
  const { reduced: _2, ...plain } = series;
  return {
    ...plain,
    steps: series.steps.subarray(at, at + 1),
    wallTimes: series.wallTimes.subarray(at, at + 1),
    absent: series.absent.subarray(at * n2, (at + 1) * n2),
    values: each(series.values, (one) => one.subarray(at * n2, (at + 1) * n2))
  };
}
function sliceColumns(series, from, to) {
  const { reduced, rows } = series;
  if (!reduced) return series;
  const { starts, steps } = reduced;
  const end = (i2) => i2 + 1 < starts.length ? starts[i2 + 1] : steps.length;
  let first = 0;
  while (first < starts.length && steps[end(first) - 1] < from) first++;
  let last = first;
  while (last < starts.length && steps[starts[last]] <= to) last++;
  if (first === 0 && last === starts.length) return series;
  const n2 = rows.length;
  const cut = (table2) => table2.subarray(first * n2, last * n2);
  const begin = first < starts.length ? starts[first] : steps.length;
  return {
    ...series,
    steps: series.steps.subarray(first, last),
    wallTimes: series.wallTimes.subarray(first, last),
    absent: cut(series.absent),
    values: each(series.values, cut),
    reduced: {
      steps: steps.subarray(begin, last > first ? end(last - 1) : begin),
      starts: starts.slice(first, last).map((start2) => start2 - begin),
      columns: each(reduced.columns, (of) => changed(of, cut))
    }
  };
}
const each = (of, change) => Object.fromEntries(Object.entries(of).map(([name, one]) => [name, change(one)]));
const changed = ({ min, mean, max, states, at }, change) => ({
  min: change(min),
  mean: change(mean),
  max: change(max),
  states: change(states),
  at: change(at)
});
function bytesOf({ absent, values, reduced }) {
  const sum = (arrays) => arrays.reduce((total, { byteLength }) => total + byteLength, 0);
  const columns = Object.values(reduced?.columns ?? {});
  return absent.byteLength + sum(Object.values(values)) + sum(columns.flatMap((one) => Object.values(one)));
}
const CELL = {
  value: 0,
  zero: 1,
  nonfinite: 2,
  absent: 3,
  header: 4,
  undefined: 5,
  refZero: 6,
  refNonfinite: 7,
  refAbsent: 8
};
const GAIN = { kind: "activation_gradient", statistic: "backward_gain", source: "rms" };
const isGain = (kind, statistic) => kind === GAIN.kind && statistic === GAIN.statistic;
const sourceOf = (kind, statistic) => isGain(kind, statistic) ? GAIN.source : statistic;
function gainGrid(series, lines, index) {
  const steps = series.steps.length;
  const columns = series.rows.length;
  const rms = series.values[GAIN.source];
  const grid = {
    run: series.run,
    steps: series.steps,
    lines: lines.length,
    values: new Float64Array(lines.length * steps).fill(Number.NaN),
    states: new Uint8Array(lines.length * steps).fill(CELL.absent)
  };
  const present = (s2, row) => series.absent[s2 * columns + row] === 0;
  lines.forEach((line, l2) => {
    const start2 = l2 * steps;
    if (line.type === "header") {
      grid.states.fill(CELL.header, start2, start2 + steps);
      return;
    }
    const own = line.rows.map((row) => index[row]).filter((row) => row >= 0);
    if (!rms || own.length === 0) return;
    own.sort((a2, b2) => a2 - b2);
    for (let s2 = 0; s2 < steps; s2++) {
      const here = own.filter((row) => present(s2, row));
      if (here.length === 0) continue;
      let before = here[0] - 1;
      while (before >= 0 && !present(s2, before)) before--;
      if (before < 0) {
        grid.states[start2 + s2] = CELL.undefined;
        continue;
      }
      const into = rms[s2 * columns + here[here.length - 1]];
      const out = rms[s2 * columns + before];
      if (!Number.isFinite(into) || !Number.isFinite(out)) {
        grid.states[start2 + s2] = CELL.nonfinite;
      } else if (into === 0) {
        grid.states[start2 + s2] = CELL.undefined;
      } else if (out === 0) {
        grid.states[start2 + s2] = CELL.zero;
        grid.values[start2 + s2] = Number.NEGATIVE_INFINITY;
      } else {
        grid.states[start2 + s2] = CELL.value;
        grid.values[start2 + s2] = Math.log10(out) - Math.log10(into);
      }
    }
  });
  return grid;
}
function gainParts(series, rows, step) {
  const columns = series.rows.length;
  const rms = series.values[GAIN.source];
  const here = rows.filter((row) => row >= 0 && series.absent[step * columns + row] === 0).sort((a2, b2) => a2 - b2);
  if (!rms || here.length === 0) return null;
  let before = here[0] - 1;
  while (before >= 0 && series.absent[step * columns + before] !== 0) before--;
  if (before < 0) return null;
  return {
    into: rms[step * columns + here[here.length - 1]],
    out: rms[step * columns + before],
    before: series.rows[before].name
  };
}
const SEVERITIES = ["severe", "warning", "notice"];
const TOGETHER = { share: 0.05, least: 20 };
const rank = (severity) => SEVERITIES.indexOf(severity);
const backwards = (a2, b2) => (b2.depth ?? -1) - (a2.depth ?? -1) || a2.since - b2.since || a2.step - b2.step;
function groupFindings(findings, reach, order) {
  const groups = [];
  const open = /* @__PURE__ */ new Map();
  for (const one of [...findings].sort((a2, b2) => a2.since - b2.since || a2.step - b2.step)) {
    const key = `${one.run}
${one.rule}`;
    const last = open.get(key);
    const near = Math.max(TOGETHER.least, TOGETHER.share * reach(one.run));
    if (last && one.since - last.since <= near) last.findings.push(one);
    else {
      const { run, rule, title, severity, since } = one;
      const group = { run, rule, title, severity, since, chief: one, findings: [one] };
      open.set(key, group);
      groups.push(group);
    }
  }
  for (const group of groups) {
    group.findings.sort(backwards);
    const first = group.findings.filter(({ since }) => since === group.since);
    group.chief = first[0];
    const worst = [...group.findings].sort((a2, b2) => rank(a2.severity) - rank(b2.severity))[0];
    group.severity = worst.severity;
    group.title = worst.title;
  }
  return groups.sort(
    (a2, b2) => rank(a2.severity) - rank(b2.severity) || a2.since - b2.since || order(a2.run) - order(b2.run) || backwards(a2.chief, b2.chief)
  );
}
const byRank = (groups) => [...groups].sort((a2, b2) => rank(a2.severity) - rank(b2.severity));
const layerOf = ({ layer, row }) => layer ?? row.replace(/\.(weight|bias)$/, "");
const MARK_KINDS = ["finding", "peak", "nonfinite", "skipped"];
const WINDOW = "nnviz/window/";
const GLOBAL = "nnviz/global/";
const MARK_TAGS = [
  ...["steps", "gradient_norm_max", "gradient_norm_max_step", "loss_max", "loss_max_step"].map(
    (name) => WINDOW + name
  ),
  ...["nonfinite", "nonfinite_steps", "skipped_steps"].map((name) => WINDOW + name),
  ...["skipped", "loss_scale", "gradient_norm"].map((name) => GLOBAL + name)
];
const RULE = { factor: 3, spreads: 5, reach: 10, least: 5 };
const NORMAL = 1.4826;
function standOut(values) {
  const known2 = values.map((_2, i2) => i2).filter((i2) => values[i2] > 0 && Number.isFinite(values[i2]));
  const result = values.map(() => null);
  let before = 0;
  values.forEach((value, i2) => {
    while (before < known2.length && known2[before] < i2) before++;
    if (!(value > 0)) return;
    const from = known2[before] === i2 ? before + 1 : before;
    const sides = [
      known2.slice(Math.max(0, before - RULE.reach), before),
      known2.slice(from, from + RULE.reach)
    ].map((side) => side.map((j2) => values[j2]));
    if (sides[0].length < RULE.least) return;
    const compared = sides.filter((side) => side.length >= RULE.least).map((side) => ({ side, middle: median(side) }));
    const usual = Math.max(...compared.map(({ middle }) => middle));
    const deviations = compared.flatMap(
      ({ side, middle }) => side.map((one) => Math.abs(Math.log(one / middle)))
    );
    const spread = NORMAL * median(deviations);
    if (value >= RULE.factor * usual && Math.log(value / usual) >= RULE.spreads * spread) result[i2] = usual;
  });
  return result;
}
function windowMarks(series) {
  const tags = new Map(series.map((one) => [one.tag, one]));
  const byStep = (tag) => {
    const one = tags.get(tag);
    return new Map(one ? Array.from(one.steps, (step, i2) => [step, one.values[i2]]) : []);
  };
  const ends = tags.get(`${WINDOW}steps`);
  const windows = Array.from(ends?.steps ?? [], (until, i2) => ({
    until,
    start: until - ends.values[i2],
    after: i2 === 0 ? null : until - ends.values[i2]
  }));
  const scales = byStep(`${GLOBAL}loss_scale`);
  const norms = byStep(`${GLOBAL}gradient_norm`);
  const skips = [...byStep(`${GLOBAL}skipped`)].filter(([, skipped2]) => skipped2 > 0).map(([step]) => step);
  const marks = [];
  for (const figure of ["gradient_norm", "loss"]) {
    const maxima = byStep(`${WINDOW}${figure}_max`);
    const places = byStep(`${WINDOW}${figure}_max_step`);
    const values = windows.map(({ until }) => maxima.get(until) ?? Number.NaN);
    const usual = values.some((value) => value < 0) ? [] : standOut(values);
    windows.forEach(({ start: start2, after, until }, i2) => {
      const place2 = places.get(until);
      const value = values[i2];
      if (place2 === void 0 || !maxima.has(until)) return;
      const step = Math.min(until, Math.max(start2, place2));
      const where = { step, exact: true, after, until, figure, value };
      const compared = usual[i2];
      if (figure === "loss" && !Number.isFinite(value)) {
        marks.push({ ...where, kind: "nonfinite", steps: 1, elements: 0 });
      } else if (typeof compared === "number") {
        marks.push({ ...where, kind: "peak", usual: compared, ratio: value / compared });
      }
    });
  }
  for (const step of skips) {
    const own = windows.find(({ start: start2, until }) => start2 < step && step <= until);
    const window2 = { after: own?.after ?? null, until: own?.until ?? step };
    marks.push({
      ...window2,
      kind: "skipped",
      step,
      exact: true,
      steps: 1,
      lossScale: scales.get(step) ?? null
    });
  }
  const bad = byStep(`${WINDOW}nonfinite_steps`);
  const elements = byStep(`${WINDOW}nonfinite`);
  const skipped = byStep(`${WINDOW}skipped_steps`);
  for (const { start: start2, after, until } of windows) {
    const between2 = until - start2 - 1;
    const where = { after, until, step: (start2 + until) / 2, exact: between2 === 1 };
    const told = skips.filter((step) => start2 < step && step <= until).length;
    const untold = Math.max(0, (skipped.get(until) ?? 0) - told);
    if (untold > 0) marks.push({ ...where, kind: "skipped", steps: untold, lossScale: null });
    const own = norms.has(until) && !Number.isFinite(norms.get(until)) && !skips.includes(until) ? 1 : 0;
    const steps = Math.min(between2, (bad.get(until) ?? 0) - told - untold - own);
    if (steps <= 0) continue;
    const value = Number.NaN;
    marks.push({
      ...where,
      kind: "nonfinite",
      figure: "gradient_norm",
      value,
      steps,
      elements: elements.get(until) ?? 0
    });
  }
  return marks.sort((a2, b2) => a2.step - b2.step);
}
function windowCount(series) {
  const ends = series.find(({ tag }) => tag === `${WINDOW}steps`);
  if (!ends || ends.steps.length === 0) return { kept: 0, written: 0 };
  const kept2 = ends.steps.length;
  const first = ends.steps[0];
  const covered = ends.values.reduce((sum, steps, i2) => i2 === 0 ? 0 : sum + steps, 0);
  const all = ends.steps[kept2 - 1] - first;
  const written = covered > 0 ? 1 + Math.round((kept2 - 1) * all / covered) : kept2;
  return { kept: kept2, written: Math.max(kept2, written) };
}
const APART = 9;
function groupMarks(marks, domain, width) {
  const groups = [];
  for (const kind of MARK_KINDS) {
    let last = null;
    for (const mark of marks) {
      if (mark.kind !== kind || mark.step < domain[0] || mark.step > domain[1]) continue;
      const place2 = toPixel(mark.step, domain, width);
      if (last && place2 - last.places[last.places.length - 1] < APART) {
        last.marks.push(mark);
        last.places.push(place2);
        if (strength(mark) > strength(last.marks[last.chief])) last.chief = last.marks.length - 1;
      } else {
        last = { kind, marks: [mark], places: [place2], chief: 0 };
        groups.push(last);
      }
    }
  }
  return groups.sort((a2, b2) => a2.places[0] - b2.places[0]);
}
const strength = (mark) => mark.kind === "peak" ? mark.ratio : mark.kind === "finding" ? SEVERITIES.length - SEVERITIES.indexOf(mark.group.severity) : 0;
const foundMarks = (groups, run) => groups.filter((group) => group.run === run).map((group) => {
  const { since } = group;
  return { kind: "finding", step: since, exact: true, after: null, until: since, group };
});
const LOG_PREFIX = "nnviz/log/";
const KINDS = [
  "gradient",
  "update",
  "optimizer",
  "parameter",
  "activation",
  "activation_gradient"
];
const ORDER = [
  "norm",
  "ratio",
  "first_moment_norm",
  "second_moment_norm",
  "effective_step_size",
  "rms",
  "backward_gain",
  "absmax",
  "mean",
  "std",
  "min",
  "max",
  "zero_fraction",
  "dead_fraction",
  "nonpositive_unit_fraction",
  "saturated_fraction",
  "outlier_ratio",
  "nonfinite",
  "count",
  "finite_norm",
  "finite_absmax"
];
const baseName = (statistic) => statistic.endsWith("~") ? statistic.slice(0, -1) : statistic;
function aggregateOf(statistic) {
  switch (baseName(statistic)) {
    case "norm":
    case "finite_norm":
    case "first_moment_norm":
    case "second_moment_norm":
      return "root_sum_squares";
    case "effective_step_size":
      return "root_mean_square";
    case "min":
      return "min";
    case "max":
    case "absmax":
    case "finite_absmax":
    case "outlier_ratio":
      return "max";
    case "count":
    case "nonfinite":
      return "sum";
    default:
      return "mean";
  }
}
const isFraction = (statistic) => baseName(statistic).endsWith("_fraction");
const isOfUnits = (statistic) => ["dead_fraction", "nonpositive_unit_fraction", "outlier_ratio"].includes(baseName(statistic));
const isSigned = (statistic) => baseName(statistic) === "mean";
const mayBeUndefined = (statistic) => ["saturated_fraction", "outlier_ratio", "effective_step_size"].includes(baseName(statistic));
const lowest = (statistic) => baseName(statistic) === "outlier_ratio" ? 1 : 0;
const hasThresholds = (kind, statistic) => kind === "gradient" && ["norm", "finite_norm"].includes(baseName(statistic));
function sortStatistics(statistics) {
  const place2 = (name) => {
    const at = ORDER.indexOf(baseName(name));
    return at < 0 ? ORDER.length : at;
  };
  return [...statistics].sort((a2, b2) => place2(a2) - place2(b2) || a2.localeCompare(b2));
}
function sortKinds(kinds) {
  const place2 = (name) => {
    const at = KINDS.indexOf(name);
    return at < 0 ? KINDS.length : at;
  };
  return [...kinds].sort((a2, b2) => place2(a2) - place2(b2) || a2.localeCompare(b2));
}
function stateOf$1(value, absent) {
  if (absent) return CELL.absent;
  if (!Number.isFinite(value)) return CELL.nonfinite;
  return value === 0 ? CELL.zero : CELL.value;
}
function aggregate(rule, values, counts) {
  for (const value of values) if (!Number.isFinite(value)) return Number.NaN;
  switch (rule) {
    case "root_sum_squares": {
      let sum = 0;
      for (const value of values) sum += value * value;
      return Math.sqrt(sum);
    }
    case "root_mean_square": {
      let all = 0;
      let sum = 0;
      values.forEach((value, i2) => {
        const count = counts?.[i2] ?? 1;
        all += count;
        sum += value * value * count;
      });
      return Math.sqrt(sum / all);
    }
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "mean":
      return values.reduce((sum, value) => sum + value, 0) / values.length;
  }
}
function undefinedRows(series, values) {
  const n2 = series.rows.length;
  const result = new Uint8Array(n2).fill(1);
  for (let i2 = 0; i2 < values.length; i2++) {
    if (series.absent[i2] === 0 && !Number.isNaN(values[i2])) result[i2 % n2] = 0;
  }
  return result;
}
const blockKey = (line, rows) => line.rows.map((row) => rows[row].name).join("\n");
function buildGrid(series, statistic, lines, index, { blocks, whole = series } = {}) {
  const steps = series.steps.length;
  const { reduced } = series;
  const grid = {
    run: series.run,
    steps: series.steps,
    lines: lines.length,
    values: new Float32Array(lines.length * steps).fill(Number.NaN),
    states: new Uint8Array(lines.length * steps).fill(CELL.absent)
  };
  if (reduced)
    grid.reduced = { steps: reduced.steps, starts: reduced.starts, sources: lines.map(() => null) };
  const source = series.values[statistic];
  const rule = aggregateOf(statistic);
  const all = whole.values[statistic];
  const noFigure = all && mayBeUndefined(statistic) ? undefinedRows(whole, all) : null;
  lines.forEach((line, l2) => {
    const start2 = l2 * steps;
    if (line.type === "header") {
      grid.states.fill(CELL.header, start2, start2 + steps);
      return;
    }
    const own = line.rows.map((row) => index[row]).filter((row) => row >= 0);
    if (!source || own.length === 0) return;
    const figured = noFigure ? own.filter((row) => !noFigure[row]) : own;
    if (figured.length === 0) {
      grid.states.fill(CELL.undefined, start2, start2 + steps);
      return;
    }
    const block = line.type === "block" ? blocks?.get(l2) : void 0;
    if (block && block.steps.length === steps) copyRow(grid, l2, block, statistic, 0);
    else if (line.type === "row") copyRow(grid, l2, series, statistic, figured[0]);
    else {
      aggregateRows(grid, l2, series, source, figured, rule);
    }
  });
  return grid;
}
function aggregateRows(grid, line, series, source, rows, rule) {
  const steps = grid.steps.length;
  const columns = series.rows.length;
  const values = [];
  const counts = [];
  for (let s2 = 0, to = line * steps; s2 < steps; s2++, to++) {
    values.length = 0;
    counts.length = 0;
    for (const row of rows) {
      if (series.absent[s2 * columns + row] !== 0) continue;
      values.push(source[s2 * columns + row]);
      counts.push(series.rows[row].numel ?? 1);
    }
    if (values.length === 0) continue;
    const value = aggregate(rule, values, counts);
    grid.values[to] = value;
    grid.states[to] = stateOf$1(value, false);
  }
}
function copyRow(grid, line, series, statistic, row) {
  const steps = grid.steps.length;
  const columns = series.rows.length;
  const values = series.values[statistic];
  if (grid.reduced) grid.reduced.sources[line] = { series, row };
  for (let s2 = 0, from = row, to = line * steps; s2 < steps; s2++, from += columns, to++) {
    if (series.absent[from] !== 0) continue;
    const value = values[from];
    grid.values[to] = value;
    grid.states[to] = stateOf$1(value, false);
  }
}
function oneLine(grid, line) {
  const n2 = grid.steps.length;
  const { reduced } = grid;
  return {
    ...grid,
    lines: 1,
    values: grid.values.subarray(line * n2, (line + 1) * n2),
    states: grid.states.subarray(line * n2, (line + 1) * n2),
    ...reduced && { reduced: { ...reduced, sources: [reduced.sources[line]] } }
  };
}
const AROUND = 12;
const MARGIN$1 = 4;
const LINES_AHEAD = 3;
const MOST_LINES = 48;
const AT_ONCE$1 = 4;
const REST = 15;
const MOST_NAMES = 2e4;
class Exact {
  /** All rows at the steps around the cursor. */
  near = y$1(/* @__PURE__ */ new Map());
  /** Single lines at every step, by the names of their rows. */
  lines = y$1(/* @__PURE__ */ new Map());
  /** All rows within the zoom, in columns of its own or at every step. */
  zoomed = y$1(/* @__PURE__ */ new Map());
  /** Blocks in columns, made of what they are at every step, likewise. */
  blocks = y$1(/* @__PURE__ */ new Map());
  nearOf(run, of) {
    return shown(this.near.value.get(run), of);
  }
  lineOf(run, key, of, zoom) {
    const detail = this.lines.value.get(run)?.get(key);
    return sameZoom(detail, zoom) ? shown(detail, of) : void 0;
  }
  /** A run within a zoom, as it came for that zoom. */
  zoomedOf(base, zoom) {
    const detail = zoom === null ? void 0 : this.zoomed.value.get(base.run);
    return detail?.base === base && sameZoom(detail, zoom) ? detail.series : void 0;
  }
  /** Collapsed blocks of a run, by line. */
  blocksOf(run, lines, rows, of) {
    const blocks = this.blocks.value.get(run);
    const found = /* @__PURE__ */ new Map();
    if (!blocks) return found;
    lines.forEach((line, i2) => {
      const one = line.type === "block" ? shown(blocks.get(blockKey(line, rows)), of) : void 0;
      if (one) found.set(i2, one);
    });
    return found;
  }
  forget() {
    r(() => {
      for (const one of [this.near, this.lines, this.zoomed, this.blocks]) one.value = /* @__PURE__ */ new Map();
    });
  }
}
const shown = (detail, of) => detail?.of === of ? detail.series : void 0;
const sameZoom = (detail, zoom) => detail?.zoom?.[0] === zoom?.[0] && detail?.zoom?.[1] === zoom?.[1];
const asked = (line, store) => {
  const names = line.rows.map((row) => store.union.value.rows[row].name);
  return line.type === "row" ? names[0] : names;
};
class Details {
  constructor(store, source, isHidden) {
    this.store = store;
    this.source = source;
    this.isHidden = isHidden;
    this.follow(
      () => this.nextZoomed(),
      (series, base) => this.keepZoomed(series, base),
      { zoomed: true, heatmaps: true }
    );
    this.follow(
      () => this.nextNear(),
      (series, base) => this.keepNear(series, base)
    );
    this.follow(
      () => this.nextLines(),
      (series, base) => this.keepLines("lines", series, base)
    );
    this.follow(
      () => this.nextBlocks(),
      (series, base) => this.keepLines("blocks", series, base),
      { heatmaps: true }
    );
  }
  store;
  source;
  isHidden;
  stops = [];
  abort = new AbortController();
  /** The series that the details are of; others come with another statistic or a reload. */
  of = "";
  dispose() {
    for (const stop of this.stops) stop();
    this.abort.abort();
  }
  /**
   * Asks until there is nothing more to ask, and again when what `next` looks at changes. `heatmaps`: each run's answer
   * is a picture of its own.
   */
  follow(next, take, { zoomed = false, heatmaps = false } = {}) {
    let busy = false;
    const rounds = async () => {
      busy = true;
      await new Promise((done) => setTimeout(done, REST));
      let before = "";
      for (let asks = f(next); asks.length > 0; asks = f(next)) {
        const { abort } = this;
        const now = JSON.stringify(asks);
        if (now === before || this.isHidden()) break;
        before = now;
        const base = this.base(zoomed);
        try {
          const together = [];
          await this.each(asks, async (one) => {
            const series = await this.ask(one);
            if (heatmaps) take(series, base);
            else together.push(...series);
          });
          take(together, base);
        } catch (error) {
          if (abort.signal.aborted) before = "";
          else {
            this.store.seriesError.value = error instanceof Error ? error.message : String(error);
            break;
          }
        }
      }
      busy = false;
    };
    this.stops.push(
      x(() => {
        this.check();
        if (next().length > 0 && !busy) f(() => void rounds());
      })
    );
  }
  /** What is there when something is asked: details go with it. */
  base(whole) {
    const { store } = this;
    const runs = new Map((whole ? store.series.value : this.reduced).map((series) => [series.run, series]));
    const [of, zoom] = [this.of, store.flow.zoom.value];
    return { of: (run) => ({ base: runs.get(run), of, zoom }) };
  }
  /** Another statistic: nothing that was there is of use. */
  check() {
    const { store } = this;
    const of = `${store.kind.value}/${store.source.value}`;
    if (of === this.of) return;
    this.of = of;
    this.abort.abort();
    this.abort = new AbortController();
    f(() => store.exact.forget());
  }
  /** Runs in columns as they are drawn; within a zoom once they have come for it. */
  get reduced() {
    const { series, flow, exact: exact2 } = this.store;
    const zoom = flow.zoom.value;
    const drawn2 = flow.windowed.value.filter(({ reduced }) => reduced);
    if (zoom === null) return drawn2;
    const whole = new Map(series.value.map((one) => [one.run, one]));
    return drawn2.filter((one) => exact2.zoomedOf(whole.get(one.run), zoom) === one);
  }
  /** What is asked for within a zoom. */
  get range() {
    const zoom = this.store.flow.zoom.value;
    return zoom === null ? {} : { from: zoom[0], to: zoom[1] };
  }
  nextZoomed() {
    const { store } = this;
    const zoom = store.flow.zoom.value;
    if (zoom === null) return [];
    const lacking = store.series.value.filter(
      (series) => series.reduced && !store.exact.zoomedOf(series, zoom)
    );
    return lacking.map(({ run, reduced }) => ({ runs: [run], width: reduced.starts.length, ...this.range }));
  }
  keepZoomed(series, details) {
    const all = new Map(this.store.exact.zoomed.value);
    for (const one of series) all.set(one.run, { ...details.of(one.run), series: asColumns(one) });
    this.store.exact.zoomed.value = all;
  }
  nextNear() {
    const { store } = this;
    const step = store.step.value;
    const near = store.exact.near.value;
    const wanted = /* @__PURE__ */ new Map();
    for (const series of this.reduced) {
      const all = series.reduced.steps;
      const at = nearest(all, step);
      if (at < 0) continue;
      const has = near.get(series.run);
      const [low, high] = [Math.max(0, at - MARGIN$1), Math.min(all.length - 1, at + MARGIN$1)];
      if (has?.base === series && covers(has.series.steps, all[low], all[high])) continue;
      const from = all[Math.max(0, at - AROUND)];
      const to = all[Math.min(all.length - 1, at + AROUND)];
      const group = wanted.get(`${from} ${to}`) ?? { from, to, runs: [] };
      group.runs.push(series.run);
      wanted.set(`${from} ${to}`, group);
    }
    return [...wanted.values()];
  }
  keepNear(series, details) {
    const all = new Map(this.store.exact.near.value);
    for (const one of series) all.set(one.run, { ...details.of(one.run), series: one });
    this.store.exact.near.value = all;
  }
  /** Gains are made here, of several rows: the server knows no lines of them. */
  get isGain() {
    return isGain(this.store.kind.value, this.store.statistic.value);
  }
  nextLines() {
    const { store } = this;
    const runs = this.reduced;
    const at = store.line.value;
    if (runs.length === 0 || at < 0 || this.isGain) return [];
    const lines = store.lines.value;
    const { rows } = store.union.value;
    const have = store.exact.lines.value;
    const missing = (line) => {
      const key = blockKey(line, rows);
      return runs.filter((series) => have.get(series.run)?.get(key)?.base !== series);
    };
    let wanted = [lines[at]];
    let lacking = missing(lines[at]);
    if (lacking.length === 0) {
      const around = lines.slice(Math.max(0, at - LINES_AHEAD), at + LINES_AHEAD + 1).filter(({ type }) => type !== "header");
      wanted = around.filter((line) => missing(line).length > 0);
      lacking = wanted.length > 0 ? runs : [];
    }
    if (lacking.length === 0) return [];
    const names = lacking.map(({ run }) => run);
    return chunks(names, Math.ceil(names.length / AT_ONCE$1)).map((some) => ({
      runs: some,
      rows: wanted.map((line) => asked(line, store)),
      ...this.range
    }));
  }
  nextBlocks() {
    const { store } = this;
    const { rows } = store.union.value;
    const blocks = store.lines.value.filter(({ type }) => type === "block");
    if (blocks.length === 0 || this.isGain) return [];
    return this.reduced.flatMap((series) => {
      const { run, reduced } = series;
      const have = store.exact.blocks.value.get(run);
      const wanted = blocks.filter((line) => have?.get(blockKey(line, rows))?.base !== series);
      if (wanted.length === 0) return [];
      let names = 0;
      const some = wanted.filter((line) => {
        names += line.rows.length;
        return names <= MOST_NAMES;
      });
      return [
        {
          runs: [run],
          rows: some.map((line) => asked(line, store)),
          width: reduced.starts.length,
          ...this.range
        }
      ];
    });
  }
  keepLines(where, series, details) {
    const all = new Map(this.store.exact[where].value);
    for (const one of series) {
      const lines = new Map(all.get(one.run));
      const columns = asColumns(one);
      one.rows.forEach(({ name }, i2) => {
        lines.delete(name);
        lines.set(name, { ...details.of(one.run), series: oneRow(columns, i2) });
      });
      if (where === "lines")
        for (const name of lines.keys()) {
          if (lines.size <= MOST_LINES) break;
          lines.delete(name);
        }
      all.set(one.run, lines);
    }
    this.store.exact[where].value = all;
  }
  async ask(more) {
    const { store, abort } = this;
    const request = { kind: store.kind.value, statistics: [store.source.value], ...more };
    const answer = await this.source.series(request, abort.signal);
    if (abort.signal.aborted) throw new DOMException("another statistic was chosen", "AbortError");
    return answer.series;
  }
  async each(items, work) {
    const queue = [...items];
    const worker = async () => {
      for (let item = queue.shift(); item !== void 0; item = queue.shift()) await work(item);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE$1, items.length) }, worker));
  }
}
const covers = (steps, from, to) => steps.length > 0 && steps[0] <= from && steps[steps.length - 1] >= to;
function chunks(items, size) {
  const result = [];
  for (let i2 = 0; i2 < items.length; i2 += Math.max(1, size))
    result.push(items.slice(i2, i2 + Math.max(1, size)));
  return result;
}
const MOST_RUNS$1 = 500;
const AT_ONCE = 4;
const MOST_REQUESTS = 12;
const MOST_BYTES = 16e7;
class Loader {
  constructor(store, source, isHidden, screen = () => 0) {
    this.store = store;
    this.source = source;
    this.isHidden = isHidden;
    this.width = O(() => widthFor(store.shown.value.length, store.mapPixels.value, screen()));
    this.stops = [
      x(() => {
        const kind = store.kind.value;
        const statistic = store.source.value;
        const runs = store.shown.value;
        const width = this.width.value;
        const wanted = store.runs.value !== null && store.usesSeries.value;
        if (wanted && !this.reloading) f(() => void this.want(kind, statistic, runs, false, width));
      }),
      x(() => {
        const runs = store.shown.value;
        if (store.runs.value !== null && !this.reloading) f(() => void this.wantWindows(runs, false));
      }),
      x(() => {
        const runs = store.visible.value;
        if (store.runs.value !== null && !this.reloading) f(() => void this.wantScalars(runs, false));
      })
    ];
    this.details = new Details(store, source, isHidden);
  }
  store;
  source;
  isHidden;
  cache = /* @__PURE__ */ new Map();
  listing = null;
  fetching = null;
  windows = /* @__PURE__ */ new Map();
  fetchingWindows = null;
  fetchingScalars = null;
  details;
  /** Columns that are asked for. */
  width;
  stops;
  stale = false;
  reloading = false;
  dispose() {
    for (const stop of this.stops) stop();
    this.details.dispose();
    for (const one of [
      this.listing,
      this.fetching,
      this.fetchingWindows,
      this.fetchingScalars,
      this.fetchingNonfinite
    ])
      one?.abort();
  }
  /** A hidden tab only remembers that it is out of date. */
  async reload() {
    if (this.isHidden()) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.listing?.abort();
    const controller = new AbortController();
    this.listing = controller;
    const { store } = this;
    try {
      const runs = await this.source.runs(controller.signal);
      if (controller.signal.aborted) return;
      this.cache.clear();
      this.reloading = true;
      r(() => {
        store.runs.value = runs;
        store.runsError.value = null;
      });
      this.reloading = false;
      const { kind, source, shown: shown2 } = store;
      const series = store.usesSeries.value && this.want(kind.value, source.value, shown2.value, true, this.width.value);
      const windows = this.wantWindows(shown2.value, true);
      await Promise.all([series, windows, this.wantScalars(store.visible.value, true)]);
    } catch (error) {
      if (!controller.signal.aborted) store.runsError.value = message(error);
    }
  }
  /** Refresh when the tab is shown again, if there was a reload meanwhile. */
  async shown() {
    if (this.stale) await this.reload();
  }
  scalars = /* @__PURE__ */ new Map();
  /** The figures beside the runs, of those that can be seen. */
  async wantScalars(runs, again) {
    const { store, scalars } = this;
    if (again) scalars.clear();
    const wanted = runs.filter((run) => !scalars.has(run)).slice(0, MOST_RUNS$1);
    this.fetchingScalars?.abort();
    this.fetchingScalars = null;
    if (wanted.length === 0) return;
    const controller = new AbortController();
    this.fetchingScalars = controller;
    try {
      const request = { runs: wanted, tags: null, prefix: LOG_PREFIX, last: true };
      const series = await this.source.scalars(request, controller.signal);
      if (controller.signal.aborted) return;
      keepByRun(scalars, wanted, series);
      store.scalars.value = [...scalars.values()].flat();
    } catch {
      if (!controller.signal.aborted && again) store.scalars.value = [];
    }
  }
  /** What happened between logged steps: it is the runs', whatever statistic of theirs is shown. */
  async wantWindows(runs, again) {
    const { store, windows } = this;
    if (again) windows.clear();
    const wanted = runs.filter((run) => !windows.has(run)).slice(0, MOST_RUNS$1);
    this.fetchingWindows?.abort();
    this.fetchingWindows = null;
    if (wanted.length === 0) {
      store.windowsError.value = null;
      return;
    }
    const controller = new AbortController();
    this.fetchingWindows = controller;
    try {
      const request = { runs: wanted, tags: [...MARK_TAGS], prefix: "nnviz/", last: false };
      const series = await this.source.scalars(request, controller.signal);
      if (controller.signal.aborted) return;
      keepByRun(windows, wanted, series);
      r(() => {
        store.windows.value = new Map([...store.windows.value, ...windows]);
        store.windowsError.value = null;
      });
    } catch (error) {
      if (!controller.signal.aborted) store.windowsError.value = message(error);
    }
  }
  async want(kind, statistic, runs, again, width) {
    const { store } = this;
    const key = `${kind}/${statistic}`;
    const had = this.at(key);
    const wanted = again ? [...runs] : runs.filter((run) => !isEnough(had.get(run), width));
    this.fetching?.abort();
    this.fetching = null;
    if (!again) this.show(key, had);
    if (wanted.length === 0) {
      this.rest();
      this.ahead(runs, width);
      void this.loadNonfinite(kind, statistic, runs);
      return;
    }
    const controller = new AbortController();
    this.fetching = controller;
    r(() => {
      store.loading.value = true;
      store.progress.value = { done: runs.length - wanted.length, of: runs.length };
      if (again) store.seriesError.value = null;
    });
    try {
      await this.fetch(kind, statistic, wanted, width, controller.signal, (some) => {
        r(() => {
          const done = store.progress.value.done + some.length;
          store.progress.value = { done, of: runs.length };
          this.show(key, had);
        });
      });
      this.rest();
      this.ahead(runs, width);
      await this.loadNonfinite(kind, statistic, runs);
    } catch (error) {
      if (controller.signal.aborted) return;
      controller.abort();
      r(() => {
        this.rest();
        store.seriesError.value = message(error);
      });
    }
  }
  rest() {
    r(() => {
      this.store.loading.value = false;
      this.store.progress.value = null;
    });
  }
  /** Statistics of runs into the cache, in groups; `came` is told of each. */
  async fetch(kind, statistic, runs, width, signal, came) {
    const had = this.at(`${kind}/${statistic}`);
    const queue = chunks(runs, Math.min(MOST_RUNS$1, Math.ceil(runs.length / MOST_REQUESTS)));
    const worker = async (most = queue.length) => {
      for (let i2 = 0; i2 < most; i2++) {
        const some = queue.shift();
        if (some === void 0) break;
        const request = { runs: some, kind, statistics: [statistic], width };
        const answer = await this.source.series(request, signal);
        if (signal.aborted) return;
        const series = answer.series.map(asColumns);
        for (const run of some) had.set(run, { reason: "" });
        for (const { run, reason } of answer.missing) had.set(run, { reason });
        for (const one of series) if (one.values[statistic]) had.set(one.run, { series: one });
        came(some);
      }
    };
    await worker(1);
    const others = signal.aborted ? 0 : Math.min(AT_ONCE, queue.length);
    await Promise.all(Array.from({ length: others }, () => worker()));
    if (signal.aborted) throw new DOMException("something else was chosen", "AbortError");
  }
  at(key) {
    const had = this.cache.get(key) ?? /* @__PURE__ */ new Map();
    this.cache.delete(key);
    this.cache.set(key, had);
    let total = 0;
    for (const one of this.cache.values()) total += bytesIn(one);
    for (const [oldest, one] of this.cache) {
      if (total <= MOST_BYTES || oldest === key) break;
      this.cache.delete(oldest);
      total -= bytesIn(one);
    }
    return had;
  }
  /** The kind's other statistics of large runs, one after the other, while there is room and nothing else to do. */
  ahead(runs, width) {
    const { store } = this;
    if (!store.series.value.some(({ reduced }) => reduced)) return;
    const controller = new AbortController();
    this.fetching = controller;
    const kind = store.kind.value;
    const names = store.statistics.value.find((one) => one.kind === kind)?.names ?? [];
    const shown2 = bytesIn(this.at(`${kind}/${store.source.value}`));
    const work = async () => {
      for (const name of names) {
        if (name === "count" || isGain(kind, name) || this.isHidden() || controller.signal.aborted) continue;
        let total = shown2;
        for (const one of this.cache.values()) total += bytesIn(one);
        if (total > MOST_BYTES) return;
        const had = this.cache.get(`${kind}/${name}`);
        const lacking = runs.filter((run) => !isEnough(had?.get(run), width));
        if (lacking.length > 0) await this.fetch(kind, name, lacking, width, controller.signal, () => {
        });
      }
    };
    setTimeout(() => void work().catch(() => {
    }), IDLE_MS);
  }
  shownKey = "";
  show(key, values) {
    const { store } = this;
    const sameStatistic = this.shownKey === key;
    this.shownKey = key;
    const kept2 = sameStatistic ? [...store.loaded.value].filter(([run]) => store.order.value.has(run)) : [];
    store.loaded.value = new Map([...kept2, ...values]);
    store.seriesError.value = null;
  }
  fetchingNonfinite = null;
  /** How many elements are NaN or Inf, where anything is: asked for only then, and not of runs in columns. */
  async loadNonfinite(kind, statistic, runs) {
    const { store } = this;
    this.fetchingNonfinite?.abort();
    this.fetchingNonfinite = null;
    const counted = store.statistics.value.some(
      (one) => one.kind === kind && one.names.includes("nonfinite")
    );
    const had = this.cache.get(`${kind}/${statistic}`);
    const bad = runs.filter((run) => {
      const one = had?.get(run);
      if (!counted || !one || !("series" in one) || !hasNonfinite(one.series, statistic)) return false;
      return store.nonfinite.value.get(`${kind}/${run}`)?.steps.length !== one.series.steps.length;
    });
    if (bad.length === 0) return;
    const controller = new AbortController();
    this.fetchingNonfinite = controller;
    try {
      const request = { runs: bad, kind, statistics: ["nonfinite", "count"] };
      const answer = await this.source.series(request, controller.signal);
      if (controller.signal.aborted) return;
      const map = new Map(store.nonfinite.value);
      for (const one of answer.series) map.set(`${kind}/${one.run}`, one);
      store.nonfinite.value = map;
    } catch {
    }
  }
}
const IDLE_MS = 400;
const bytesIn = (runs) => [...runs.values()].reduce((sum, one) => sum + ("series" in one ? bytesOf(one.series) : 0), 0);
function isEnough(one, width) {
  if (!one) return false;
  if (!("series" in one) || !one.series.reduced) return true;
  const { starts, steps } = one.series.reduced;
  return starts.length >= Math.min(width, steps.length);
}
function keepByRun(kept2, runs, series) {
  for (const run of runs) kept2.set(run, []);
  for (const one of series) kept2.get(one.run)?.push(one);
}
function hasNonfinite(series, statistic) {
  if (series.reduced) return false;
  const values = series.values[statistic];
  return values?.some((value, i2) => series.absent[i2] === CELL.value && !Number.isFinite(value)) ?? false;
}
const message = (error) => error instanceof Error ? error.message : String(error);
function choose(selected, things) {
  if (selected === null) return -1;
  const exact2 = things.findIndex(({ name }) => name === selected);
  if (exact2 >= 0) return exact2;
  let path = selected.replace(/(~\d+)?\.\*$/, "").replace(/[#@][^.]*$/, "");
  const within = (module) => module === path || module.startsWith(`${path}.`);
  while (path !== "") {
    const own = things.findIndex(({ module }) => module === path);
    if (own >= 0) return own;
    const inside = things.findIndex(({ module }) => within(module));
    if (inside >= 0) return inside;
    path = path.slice(0, Math.max(0, path.lastIndexOf(".")));
  }
  return -1;
}
function rowPath(row, dropWeight) {
  const name = dropWeight && row.name.endsWith(".weight") ? row.name.slice(0, -".weight".length) : row.name;
  if (row.module === "" || !name.startsWith(row.module)) return name.split(".");
  const parts = row.module.split(".");
  parts[parts.length - 1] += name.slice(row.module.length);
  return parts;
}
const isNumber = (part) => /^\d+$/.test(part);
function segments(items) {
  const result = [];
  for (const item of items) {
    const last = result[result.length - 1];
    if (last && last[0].path[0] === item.path[0] && item.path.length > 1 && last[0].path.length > 1)
      last.push(item);
    else result.push([item]);
  }
  return result;
}
function treeLines(rows, shown2, options) {
  const lines = [];
  const used = /* @__PURE__ */ new Map();
  const keyOf2 = (path) => {
    const n2 = (used.get(path) ?? 0) + 1;
    used.set(path, n2);
    return n2 === 1 ? `${path}.*` : `${path}~${n2}.*`;
  };
  const leaf = (item, prefix, depth) => {
    const label = prefix + item.path.join(".");
    lines.push({ key: rows[item.row].name, label, depth, type: "row", rows: [item.row] });
  };
  const walk = (items, prefix, full, depth) => {
    for (const segment of segments(items)) {
      const head = segment[0].path[0];
      if (segment.length === 1) {
        leaf(segment[0], prefix, depth);
        continue;
      }
      const inner = segment.map(({ path: path2, row }) => ({ path: path2.slice(1), row }));
      const path = full + head;
      const parts = segments(inner);
      const blocks = parts.filter((part) => part.length > 1).length;
      const numbered = parts.every((part) => isNumber(part[0].path[0]));
      if (blocks > 0 && (parts.length === 1 || numbered)) {
        walk(inner, `${prefix}${head}.`, `${path}.`, depth);
        continue;
      }
      const key = keyOf2(path);
      const isCollapsed = options.isFolded(key, depth);
      const members = segment.map((item) => item.row);
      lines.push({ key, label: prefix + head, depth, type: isCollapsed ? "block" : "header", rows: members });
      if (!isCollapsed) walk(inner, "", `${path}.`, depth + 1);
    }
  };
  walk(
    shown2.map((row) => ({ path: rowPath(rows[row], options.dropWeight), row })),
    "",
    "",
    0
  );
  return lines;
}
function lineOf(lines, rows, key) {
  const first = lines.findIndex((line) => line.type !== "header");
  if (key === null) return first;
  const exact2 = lines.findIndex((line) => line.key === key);
  if (exact2 >= 0)
    return lines[exact2].type === "header" ? exact2 + 1 + lines.slice(exact2 + 1).findIndex((line) => line.type !== "header") : exact2;
  const shown2 = lines.flatMap(
    (line, i2) => line.type === "header" ? [] : line.rows.map((row) => ({ name: rows[row].name, module: rows[row].module, line: i2 }))
  );
  const found = choose(key, shown2);
  return found < 0 ? first : shown2[found].line;
}
function parentOf(lines, index) {
  const own = lines[index]?.depth ?? 0;
  for (let i2 = index - 1; i2 >= 0; i2--) if (lines[i2].type === "header" && lines[i2].depth < own) return i2;
  return index;
}
const depthOf = (folds) => {
  const found = folds.find((one) => /^@\d+$/.test(one));
  return found === void 0 ? Number.POSITIVE_INFINITY : Number(found.slice(1));
};
function folder(folds) {
  const named = new Set(folds);
  const from = depthOf(folds);
  return (key, depth) => named.has(key) || depth >= from && !named.has(`-${key}`);
}
function setFold(folds, key, depth, folded) {
  const rest = folds.filter((one) => one !== key && one !== `-${key}`);
  if (folder(rest)(key, depth) === folded) return rest;
  return [...rest, folded ? key : `-${key}`];
}
const SCROLLED = 2;
function foldsThatFit(rows, shown2, dropWeight, most) {
  const open = treeLines(rows, shown2, { isFolded: () => false, dropWeight });
  if (open.length <= SCROLLED * most) return [];
  const deepest = Math.max(-1, ...open.filter(({ type }) => type === "header").map(({ depth }) => depth));
  for (let depth = deepest; depth >= 0; depth--) {
    const folds = [`@${depth}`];
    if (depth === 0 || treeLines(rows, shown2, { isFolded: folder(folds), dropWeight }).length <= most)
      return folds;
  }
  return [];
}
const COLOURS = ["#425066", "#12b5cb", "#e52592", "#f9ab00", "#9334e6", "#7cb342", "#e8710a"];
const FIRST_DARK = "#8e98a3";
function runOrder(runs) {
  const sorted = [...runs].sort(
    (a2, b2) => a2.first_wall_time - b2.first_wall_time || a2.run.localeCompare(b2.run)
  );
  return new Map(sorted.map((info, i2) => [info.run, i2]));
}
function runColour(order, dark) {
  const i2 = order % COLOURS.length;
  return dark && i2 === 0 ? FIRST_DARK : COLOURS[i2];
}
function shownRuns(selected, ref, order) {
  const rest = selected.filter((run) => run !== ref).sort((a2, b2) => order.get(a2) - order.get(b2));
  return ref !== null && selected.includes(ref) ? [ref, ...rest] : rest;
}
const PREFERENCES = [
  /^test_acc(uracy)?$/,
  /^val_acc(uracy)?$/,
  /acc/,
  /^val_loss$/,
  /^loss$/,
  /loss/
];
function headlineTag(tags, prefix) {
  const names = [...new Set(tags)].filter((tag) => tag.startsWith(prefix)).sort();
  for (const wanted of PREFERENCES) {
    const found = names.find((tag) => wanted.test(tag.slice(prefix.length)));
    if (found) return found;
  }
  return names[0] ?? null;
}
function headlines(series, prefix) {
  const byRun = /* @__PURE__ */ new Map();
  for (const one of series) byRun.set(one.run, [...byRun.get(one.run) ?? [], one]);
  const result = /* @__PURE__ */ new Map();
  for (const [run, own] of byRun) {
    const tag = headlineTag(
      own.map((one) => one.tag),
      prefix
    );
    const chosen = own.find((one) => one.tag === tag);
    if (!chosen || chosen.values.length === 0) continue;
    const last = chosen.values.length - 1;
    result.set(run, {
      name: chosen.tag.slice(prefix.length),
      value: chosen.values[last],
      step: chosen.steps[last]
    });
  }
  return result;
}
function shortNames(runs) {
  const folders = runs.map((run) => run.split("/"));
  let shared = 0;
  const most = Math.min(...folders.map((parts) => parts.length - 1));
  while (runs.length > 1 && shared < most && folders.every((parts) => parts[shared] === folders[0][shared])) {
    shared += 1;
  }
  return new Map(runs.map((run, i2) => [run, folders[i2].slice(shared).join("/")]));
}
const comparisonOf = (statistic, signed) => signed || isFraction(statistic) || ["count", "nonfinite"].includes(baseName(statistic)) ? "difference" : "ratio";
function matchSteps(steps, reference, usual = spacing(reference)) {
  const most = usual / 2;
  const at = new Int32Array(steps.length);
  const far = new Uint8Array(steps.length);
  for (let s2 = 0; s2 < steps.length; s2++) {
    at[s2] = nearest(reference, steps[s2]);
    if (at[s2] >= 0 && Math.abs(reference[at[s2]] - steps[s2]) > most) far[s2] = 1;
  }
  return { at, far };
}
function stateOf(own, reference, rule) {
  if (own === CELL.header || own === CELL.absent || own === CELL.undefined) return own;
  if (own === CELL.nonfinite) return CELL.nonfinite;
  if (reference === CELL.nonfinite) return CELL.refNonfinite;
  if (reference !== CELL.value && reference !== CELL.zero) return CELL.refAbsent;
  if (rule === "difference") return void 0;
  if (own === CELL.zero) return CELL.zero;
  return reference === CELL.zero ? CELL.refZero : void 0;
}
function differenceGrid(grid, reference, rule, usual) {
  const n2 = grid.steps.length;
  const match = matchSteps(grid.steps, reference.steps, usual);
  const values = new Float64Array(grid.lines * n2).fill(Number.NaN);
  const states = new Uint8Array(grid.lines * n2);
  for (let line = 0; line < grid.lines; line++) {
    const start2 = line * n2;
    const other = line * reference.steps.length;
    for (let s2 = 0; s2 < n2; s2++) {
      const own = grid.states[start2 + s2];
      const at = match.at[s2];
      const its = at < 0 ? CELL.absent : reference.states[other + at];
      const state = stateOf(own, its, rule);
      if (state !== void 0) {
        states[start2 + s2] = state;
        if (state === CELL.zero) values[start2 + s2] = Number.NEGATIVE_INFINITY;
        continue;
      }
      const a2 = grid.values[start2 + s2];
      const b2 = reference.values[other + at];
      const value = rule === "ratio" ? Math.log10(a2) - Math.log10(b2) : a2 - b2;
      values[start2 + s2] = value;
      states[start2 + s2] = rule === "difference" && value === 0 ? CELL.zero : CELL.value;
    }
  }
  const { run, steps, lines, reduced } = grid;
  return {
    run,
    steps,
    lines,
    values,
    states,
    match,
    ...reduced && { reduced: { ...reduced, sources: [] } }
  };
}
function momentOf(series, near, step) {
  if (!series.reduced || !near || near.rows !== series.rows) return null;
  const all = series.reduced.steps;
  const at = nearest(near.steps, step);
  return near.steps[at] === all[nearest(all, step)] ? oneStep(near, at) : null;
}
const gridOfLine = (exact2, statistic, line) => buildGrid(exact2, statistic, [{ ...line, type: "row", rows: [0] }], Int32Array.of(0));
function unionRows(layouts) {
  const rows = [];
  const position = /* @__PURE__ */ new Map();
  const renumber = (from) => {
    for (let i2 = from; i2 < rows.length; i2++) position.set(rows[i2].name, i2);
  };
  for (const layout of layouts) {
    let after = -1;
    for (const row of layout) {
      const at = position.get(row.name);
      if (at !== void 0) {
        after = at;
      } else {
        after += 1;
        rows.splice(after, 0, row);
        renumber(after);
      }
    }
  }
  const index = layouts.map((layout) => {
    const result = new Int32Array(rows.length).fill(-1);
    layout.forEach((row, i2) => {
      result[position.get(row.name)] = i2;
    });
    return result;
  });
  return { rows, index };
}
function parseOrder(text) {
  if (text === "name") return { by: "name" };
  const value = text?.match(/^value@(\d+)$/);
  return value ? { by: "value", step: Number(value[1]) } : { by: "depth" };
}
const orderText = (order) => order.by === "value" ? `value@${order.step}` : order.by === "depth" ? null : order.by;
const collator = new Intl.Collator("en", { numeric: true });
const flatLines = (rows, shown2, dropWeight) => shown2.map((row) => {
  const { name } = rows[row];
  const label = dropWeight && name.endsWith(".weight") ? name.slice(0, -".weight".length) : name;
  return { key: name, label, depth: 0, type: "row", rows: [row] };
});
const byName = (lines) => [...lines].sort((a2, b2) => collator.compare(a2.label, b2.label));
const RANK = {
  [CELL.nonfinite]: 0,
  [CELL.value]: 1,
  [CELL.zero]: 1
};
function byValue(lines, grid, at) {
  const cell = (i2) => i2 * grid.steps.length + at;
  const rank2 = lines.map((_2, i2) => RANK[grid.states[cell(i2)]] ?? 2);
  const places = lines.map((_2, i2) => i2);
  places.sort((a2, b2) => {
    if (rank2[a2] !== rank2[b2] || rank2[a2] !== 1) return rank2[a2] - rank2[b2] || a2 - b2;
    const [x2, y2] = [grid.values[cell(a2)], grid.values[cell(b2)]];
    return x2 === y2 ? a2 - b2 : y2 > x2 ? 1 : -1;
  });
  return places.map((i2) => lines[i2]);
}
const MOST_SAMPLES = 1 << 16;
const kept = /* @__PURE__ */ new WeakMap();
function gridFacts(grid) {
  let facts = kept.get(grid);
  if (!facts) {
    facts = find(grid);
    kept.set(grid, facts);
  }
  return facts;
}
function find({ states, values }) {
  const seen2 = new Uint8Array(16);
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let count = 0;
  for (let i2 = 0; i2 < states.length; i2++) {
    seen2[states[i2]] = 1;
    if (states[i2] !== CELL.value) continue;
    const value = values[i2];
    if (value < min) min = value;
    if (value > max) max = value;
    count++;
  }
  const stride = strideFor(count);
  const sample = new Float32Array(Math.ceil(count / stride));
  for (let i2 = 0, k2 = 0; i2 < states.length; i2++) {
    if (states[i2] !== CELL.value) continue;
    if (k2 % stride === 0) sample[k2 / stride] = values[i2];
    k2++;
  }
  return { seen: seen2, min, max, count, stride, sample };
}
const strideFor = (count) => 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, count / MOST_SAMPLES))));
const viridis = [[68, 1, 84], ["mnmnmmmnmmmmnmmmmmmmmmmmmmmmmlmmmmlmmmlmmlmmlmlmmlmlmlmlmmlmlmlmlmlmlmlmlmlmlmlmlmlmmlmlmlmmlmlmmlmlmmlmmlmlmmlmmlmmlmlmmlmmlmmmlmmlmmmmmmlmmnmmmmmnmnmnmnnnmnnnnnonnnononononoonoooooooooooooooopooopoopoopopopopopopoppopoppoppoppoppoppoppoppopoppopopopoopo", "nonononononononnonnnonnonnnonnonnnnonnnonnnnonnnnnonnnnnnonnnnnnnnnnonnnnnnnnnnnnnnnnnnnnnnnnnmnnnnnnnnnnnnnnnnnmnnnnnnnnnnnnnnnnmnnnnnnnnnnnnnnnmnnnnnnnnnnnnmnnnnnnnnnmnnnnnnmnnnnnmnnnnmnnnmnnnmnnmnnnmnmnnmnnmnmnmnmnmnmnmnmnmnmmnmmnmnmmnmmnmmnmmnmmmnmmnm", "onononnononnonnnonnnnnonnnnnnnmnnnnmnnnmnnmnmnmnmnmnmmnmmnmmmnmmmnmmmmmnmmmmmmmmnmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmlmmmmmmlmmmmlmmmlmmlmmlmmlmlmlmmllmlmlmllmlllmlllmllllllllllllllllllklllkllkllkllklklklkklklkklkklkklkkklkkklklkkllkllllmlmmnmnnnnnonoo"]];
const magma = [[0, 0, 4], ["nmmnmmnmnnnmnnnnnnnnonnnnnnonnonnonnonoononooonoonooonoonoonoononoononononoononononoononononoononoononoononoononoonoonoononoonoonoononoononoonononononononnonnnonnnnnnnnnnnmnnmnnmnmnmnmmnmmnmmnmmmmnmmmmmnmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmlmmmmmmmmmlmmmmmmmmm", "mnmmnmnmnmnmnnmnnmnnmnnmnmnmnmmnmmmmnmmlmmmmmlmmmlmmmmmmnmmmnmnmnmnnmnmnnmnnmnnmnmnnmnnmnmnmnnmnmnmnnmnmnmnmnmnmnmnmnmnnmnmnmnmnmnnmnmnnmnnmnnmnnnnnmnnnnnonnnnonnonnonoonoonooonoooooonoooooooonoooooooonooooooonoooooonooooonooooonooooonooooonoooonooooonooo", "nnonooopoooooooooopoooopoopoopopoopopopoopoooooonoonnonnnnmnnnmnmnmnmmnmmnmmmmnmmmmmmmmmmnmmmmlmmmmmmmmmmlmmmmlmmmlmmlmmlmlmmlmlmlmlmllmllmllmllmlllmllllmllllmllmllmllmmlmlmmmmmmmmmmnmmnmnmnnmnnnnnnnnnnnnnnonnnonnonnononononoononoonoonooonoooonooooooonooo"]];
const cividis = [[0, 32, 81], ["mmmmmmmmmmmmmmmnnnnnmnnnnonnnnnonnnonnnonnononnonnononnonnononnonnonnnonnonnnnonnnnonnnnnnnnonnnnnnnnnnnnnmnnnnnnnnnmnnnnnmnnnnnmnnnnnmnnnnmnnnnnmnnnnnmnnnnnnnnmnnnnnnnnnnnnnnnnnnnnnonnnnnnonnnnnonnnnonnnonnnonnnonnnonnnonnnnonnnnnnnnonmnnnnnnnmnnmnmnmnmm", "nnnmnnmnnmnnmnnmnnmnnnmnnmnnmnnnmnnmnnmnnnmnnmnnnmnnmnnnmnnmnnnmnnmnnnmnnmnnnmnnmnnnmnnmnnnmnnnmnnmnnnmnnnmnnnmnnmnnnmnnnmnnnmnnnmnnnmnnnnmnnnmnnnmnnnnmnnnnmnnnnmnnnnmnnnnmnnnnnmnnnnnmnnnnnnmnnnnnnnmnnnnnnnmnnnnnnnnnnmnnnnnnnnnnnnnnmnnnnnnnnnnnnnnnnnnnnnn", "oononnonnnnnnnnnmnnmnnmnmmnmmnmmnmmmmmmnmmmmmmmmmmmmmmmmmmmmmmmmmmmmlmmmmmmmmnmmmmmmmmmmmmmmmnmmmmmmnmmmmmnmmmmmnmmmmnmmmnmmmmnmmmmnmmmmmnmmmmmmnmmmmmmmmmmmmmmmmmmmmmmmmmlmmmmlmmmlmmlmmlmlmmlmlmlmllmlmllmllmllmlllmlllmllllmllllmlllllmlllmlllmllmllmlmllmml"]];
const rdbu = [[103, 0, 31], ["ppppppopppppoppoppopopooopooooonooonoononononnonnonnonnnonnnnnonnnnnnnnnnmnnnnmnnmnmnmnmnmmnmmnmmmmmmnmmmmlmmmmmmlmmlmlmlmllmlllllllllllkllklklkklkkklkkkkkkkjkkkkjkjkkjkjjkjkjjjkjjjjkjjjjjjkjjjkjjjkjkjkkkjkkkkklkkklklklkllkllklllkllllkllllllklllllllklllll", "nnnnnnnnnnnnnonnnononoonooooooopoopopopoppopppoppppopppoppoppoppoppopopopopopoopoopoooopoooooonoooonoononononnnonnnnnmnnnmnmnmmmnmmmlmmmlmlmlmllmllllmlllllllkllllllkllkllklklklklklkklkkkklkkkkklkkkkkkklkkkkkklkkkkklkkkkklkkkkkkkklkkkkkkkkkjkkkkkkkkkkjkkkk", "mnmnmnmnmnmnnmnmnnmnnnnmnnnnnnnnnonnnonnonnonoononooonooooooooooooooopooopoopopopopopopopopopopopoopopoooopoooonoooonononnnonnmnnnmnmmnmmmmmmmmmlmmlmmlmlmlmlmllmllmllmlllmlllmlllllllllmllllllllllllllllllllllllllllllklllkllklklkkkkkkkkkjkjkjkjjkjjjjkjjjjjj"]];
function ramp([first, steps]) {
  const colours = [first];
  for (let i2 = 0; i2 < steps[0].length; i2++) {
    colours.push(colours[i2].map((part, k2) => part + steps[k2].charCodeAt(i2) - 109));
  }
  return (t2) => {
    const colour = colours[Math.round(Math.min(1, Math.max(0, t2)) * (colours.length - 1))];
    return `rgb(${colour.join(",")})`;
  };
}
const interpolateViridis = ramp(viridis);
const interpolateMagma = ramp(magma);
const interpolateCividis = ramp(cividis);
const interpolateRdBu = ramp(rdbu);
function ascending(a2, b2) {
  return a2 == null || b2 == null ? NaN : a2 < b2 ? -1 : a2 > b2 ? 1 : a2 >= b2 ? 0 : NaN;
}
function descending(a2, b2) {
  return a2 == null || b2 == null ? NaN : b2 < a2 ? -1 : b2 > a2 ? 1 : b2 >= a2 ? 0 : NaN;
}
function bisector(f2) {
  let compare1, compare2, delta;
  if (f2.length !== 2) {
    compare1 = ascending;
    compare2 = (d2, x2) => ascending(f2(d2), x2);
    delta = (d2, x2) => f2(d2) - x2;
  } else {
    compare1 = f2 === ascending || f2 === descending ? f2 : zero;
    compare2 = f2;
    delta = f2;
  }
  function left(a2, x2, lo = 0, hi = a2.length) {
    if (lo < hi) {
      if (compare1(x2, x2) !== 0) return hi;
      do {
        const mid = lo + hi >>> 1;
        if (compare2(a2[mid], x2) < 0) lo = mid + 1;
        else hi = mid;
      } while (lo < hi);
    }
    return lo;
  }
  function right(a2, x2, lo = 0, hi = a2.length) {
    if (lo < hi) {
      if (compare1(x2, x2) !== 0) return hi;
      do {
        const mid = lo + hi >>> 1;
        if (compare2(a2[mid], x2) <= 0) lo = mid + 1;
        else hi = mid;
      } while (lo < hi);
    }
    return lo;
  }
  function center(a2, x2, lo = 0, hi = a2.length) {
    const i2 = left(a2, x2, lo, hi - 1);
    return i2 > lo && delta(a2[i2 - 1], x2) > -delta(a2[i2], x2) ? i2 - 1 : i2;
  }
  return { left, center, right };
}
function zero() {
  return 0;
}
function number(x2) {
  return x2 === null ? NaN : +x2;
}
bisector(ascending);
bisector(number).center;
const e10 = Math.sqrt(50), e5 = Math.sqrt(10), e2 = Math.sqrt(2);
function tickSpec(start2, stop, count) {
  const step = (stop - start2) / Math.max(0, count), power2 = Math.floor(Math.log10(step)), error = step / Math.pow(10, power2), factor2 = error >= e10 ? 10 : error >= e5 ? 5 : error >= e2 ? 2 : 1;
  let i1, i2, inc;
  if (power2 < 0) {
    inc = Math.pow(10, -power2) / factor2;
    i1 = Math.round(start2 * inc);
    i2 = Math.round(stop * inc);
    if (i1 / inc < start2) ++i1;
    if (i2 / inc > stop) --i2;
    inc = -inc;
  } else {
    inc = Math.pow(10, power2) * factor2;
    i1 = Math.round(start2 / inc);
    i2 = Math.round(stop / inc);
    if (i1 * inc < start2) ++i1;
    if (i2 * inc > stop) --i2;
  }
  if (i2 < i1 && 0.5 <= count && count < 2) return tickSpec(start2, stop, count * 2);
  return [i1, i2, inc];
}
function ticks$1(start2, stop, count) {
  stop = +stop, start2 = +start2, count = +count;
  if (!(count > 0)) return [];
  if (start2 === stop) return [start2];
  const reverse = stop < start2, [i1, i2, inc] = reverse ? tickSpec(stop, start2, count) : tickSpec(start2, stop, count);
  if (!(i2 >= i1)) return [];
  const n2 = i2 - i1 + 1, ticks2 = new Array(n2);
  if (reverse) {
    if (inc < 0) for (let i3 = 0; i3 < n2; ++i3) ticks2[i3] = (i2 - i3) / -inc;
    else for (let i3 = 0; i3 < n2; ++i3) ticks2[i3] = (i2 - i3) * inc;
  } else {
    if (inc < 0) for (let i3 = 0; i3 < n2; ++i3) ticks2[i3] = (i1 + i3) / -inc;
    else for (let i3 = 0; i3 < n2; ++i3) ticks2[i3] = (i1 + i3) * inc;
  }
  return ticks2;
}
function tickIncrement(start2, stop, count) {
  stop = +stop, start2 = +start2, count = +count;
  return tickSpec(start2, stop, count)[2];
}
function nice(start2, stop, count) {
  let prestep;
  while (true) {
    const step = tickIncrement(start2, stop, count);
    if (step === prestep || step === 0 || !isFinite(step)) {
      return [start2, stop];
    } else if (step > 0) {
      const i2 = Math.ceil(start2 / step);
      const j2 = Math.floor(stop / step);
      start2 = (i2 - (i2 * step > start2)) * step;
      stop = (j2 + (j2 * step < stop)) * step;
    } else if (step < 0) {
      const s2 = -step;
      const i2 = Math.ceil(start2 * s2);
      const j2 = Math.floor(stop * s2);
      start2 = (i2 - (i2 / s2 > start2)) / s2;
      stop = (j2 + (j2 / s2 < stop)) / s2;
    }
    prestep = step;
  }
}
const MOST_DECADES$1 = 12;
function finiteValues(grids) {
  const facts = grids.map(gridFacts);
  const count = facts.reduce((sum, one) => sum + one.count, 0);
  const stride = Math.max(strideFor(count), ...facts.map((one) => one.stride));
  const parts = facts.map(({ sample, stride: own }) => every(sample, stride / own));
  const sorted = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    sorted.set(part, at);
    at += part.length;
  }
  return {
    sorted: sorted.sort(),
    min: Math.min(...facts.map(({ min }) => min)),
    max: Math.max(...facts.map(({ max }) => max))
  };
}
const every = (values, stride) => stride === 1 ? values : values.filter((_2, i2) => i2 % stride === 0);
function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}
function niceUp(value) {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  for (const factor2 of [1, 2, 5, 10]) {
    const candidate = Number(`${factor2}e${exponent}`);
    if (candidate >= value * (1 - 1e-6)) return candidate;
  }
  return Number(`1e${exponent + 1}`);
}
function niceDown(value) {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  for (const factor2 of [5, 2, 1]) {
    const candidate = Number(`${factor2}e${exponent}`);
    if (candidate <= value * (1 + 1e-6)) return candidate;
  }
  return Number(`1e${exponent}`);
}
const power = (exponent) => Number(`1e${exponent}`);
function logRange(p1, p99) {
  const wide = Math.log10(p99 / p1) > 3;
  let lo = wide ? power(Math.floor(Math.log10(p1) + 1e-9)) : niceDown(p1);
  let hi = wide ? power(Math.ceil(Math.log10(p99) - 1e-9)) : niceUp(p99);
  if (lo >= hi) {
    lo = power(Math.floor(Math.log10(lo)));
    hi = power(Math.floor(Math.log10(lo)) + 1);
  }
  return [lo, hi];
}
function densest(sorted, decades = MOST_DECADES$1) {
  if (sorted.length === 0 || sorted[0] <= 0) return sorted;
  const reach = 10 ** decades;
  let from = 0;
  let to = 0;
  for (let i2 = 0, j2 = 0; i2 < sorted.length; i2++) {
    while (j2 < sorted.length && sorted[j2] <= sorted[i2] * reach) j2++;
    if (j2 - i2 >= to - from) [from, to] = [i2, j2];
  }
  return sorted.subarray(from, to);
}
function autoScale(values, statistic, wanted, lo = null, hi = null, thresholds = null) {
  const diverging = isSigned(statistic) || values.sorted.length > 0 && values.min < 0;
  if (diverging && wanted === "log") return symlogScale(values, lo, hi);
  const sorted = diverging ? values.sorted : densest(values.sorted);
  const mode = diverging ? "linear" : wanted;
  let range = mode === "log" ? [1e-3, 1] : diverging ? [-1, 1] : [0, 1];
  if (sorted.length > 0) {
    const p1 = quantile(sorted, 0.01);
    const p99 = quantile(sorted, 0.99);
    if (mode === "log") range = atThresholds(logRange(p1, p99), values, thresholds);
    else if (isFraction(statistic)) range = [0, 1];
    else if (diverging) {
      const reach = niceUp(Math.max(Math.abs(p1), Math.abs(p99)));
      range = [-reach, reach];
    } else range = [lowest(statistic), niceUp(Math.max(p99, 2 * lowest(statistic)))];
  }
  const from = lo !== null && (mode === "linear" || lo > 0) ? lo : range[0];
  const to = hi !== null && (mode === "linear" || hi > 0) ? hi : range[1];
  return from < to ? { mode, lo: from, hi: to, diverging } : { mode, lo: range[0], hi: range[1], diverging };
}
const SYMLOG_DECADES = 8;
function symlogScale(values, lo = null, hi = null) {
  const magnitudes = densest(values.sorted.map(Math.abs).sort());
  let reach = 1;
  let threshold = 0.1;
  if (magnitudes.length > 0) {
    reach = niceUp(quantile(magnitudes, 0.99));
    const low = Math.max(quantile(magnitudes, 0.1), reach / 10 ** SYMLOG_DECADES);
    threshold = Math.min(power(Math.floor(Math.log10(low) + 1e-9)), reach / 10);
  }
  const from = lo ?? -reach;
  const to = hi ?? reach;
  const given = from < to ? { lo: from, hi: to } : { lo: -reach, hi: reach };
  return { mode: "symlog", ...given, diverging: true, threshold };
}
const MOST_FACTOR_DECADES = 6;
function factorScale(values, lo = null, hi = null) {
  let reach = Math.log10(2);
  if (values.sorted.length > 0) {
    const p1 = quantile(values.sorted, 0.01);
    const p99 = quantile(values.sorted, 0.99);
    reach = Math.min(
      MOST_FACTOR_DECADES,
      Math.max(reach, roundFactor(Math.max(Math.abs(p1), Math.abs(p99))))
    );
  }
  const from = lo !== null && lo > 0 ? Math.log10(lo) : -reach;
  const to = hi !== null && hi > 0 ? Math.log10(hi) : reach;
  const given = from < to ? { lo: from, hi: to } : { lo: -reach, hi: reach };
  return { mode: "linear", ...given, diverging: true, factor: true };
}
const roundFactor = (decades) => decades > 3 ? Math.ceil(decades - 1e-9) : Math.log10(niceUp(10 ** decades));
function atThresholds([lo, hi], { min, max }, thresholds) {
  if (!thresholds) return [lo, hi];
  const { vanishing, exploding } = thresholds;
  return [
    min < vanishing && vanishing < lo ? vanishing : lo,
    max > exploding && exploding > hi ? exploding : hi
  ];
}
const EDGE = 1e-7;
const isUnder = (t2) => t2 < -EDGE;
const isOver = (t2) => t2 > 1 + EDGE;
function toUnit(scale, value) {
  if (scale.mode === "log") {
    if (value <= 0) return Number.NEGATIVE_INFINITY;
    return Math.log(value / scale.lo) / Math.log(scale.hi / scale.lo);
  }
  if (scale.mode === "symlog") {
    const from = bent(scale, scale.lo);
    return (bent(scale, value) - from) / (bent(scale, scale.hi) - from);
  }
  return (value - scale.lo) / (scale.hi - scale.lo);
}
const bent = ({ threshold = 1 }, value) => Math.sign(value) * Math.log10(1 + Math.abs(value) / threshold);
const zeroApart = (scale) => scale.mode === "log" || scale.factor === true;
function ticks(scale, count) {
  if (scale.factor) return factorTicks(scale, count);
  if (scale.mode === "symlog") return symlogTicks(scale, count);
  if (scale.mode === "linear") return ticks$1(scale.lo, scale.hi, count);
  const first = Math.ceil(Math.log10(scale.lo) - 1e-9);
  const last = Math.floor(Math.log10(scale.hi) + 1e-9);
  const every2 = [1, 2, 3, 4, 5, 6, 10].find((n2) => (last - first) / n2 <= count) ?? 20;
  const result = [];
  for (let e3 = Math.ceil(first / every2) * every2; e3 <= last; e3 += every2) result.push(power(e3));
  if (result.length < 2) return [scale.lo, scale.hi];
  return result;
}
const FACTOR_STEPS = [[2], [2, 5], [10], [100], [1e3], [1e4]];
function factorTicks({ lo, hi }, count) {
  const reach = Math.max(Math.abs(lo), Math.abs(hi));
  let best = [0];
  for (const steps of FACTOR_STEPS) {
    const up = steps.flatMap((step) => {
      const size = Math.log10(step);
      if (steps.length === 1)
        return Array.from({ length: Math.floor(reach / size + 1e-9) }, (_2, i2) => (i2 + 1) * size);
      return Array.from({ length: Math.ceil(reach) }, (_2, i2) => i2 + size);
    });
    if (steps.length > 1) up.push(...Array.from({ length: Math.floor(reach + 1e-9) }, (_2, i2) => i2 + 1));
    const all = [...up.map((one) => -one).reverse(), 0, ...up].sort((a2, b2) => a2 - b2).filter((one) => one >= lo - 1e-9 && one <= hi + 1e-9);
    if (all.length <= Math.max(3, count) && all.length > best.length) best = all;
  }
  return best;
}
function symlogTicks(scale, count) {
  const most = Math.max(Math.abs(scale.lo), Math.abs(scale.hi));
  const first = Math.ceil(Math.log10(scale.threshold ?? 1) - 1e-9);
  const last = Math.floor(Math.log10(most) + 1e-9);
  const side = Math.max(1, Math.floor((count - 1) / 2));
  const every2 = Math.max(1, Math.ceil((last - first + 1) / side));
  const up = [];
  for (let e3 = last; e3 >= first; e3 -= every2) up.push(power(e3));
  return [...up.map((one) => -one), 0, ...up.reverse()].filter((one) => one >= scale.lo && one <= scale.hi);
}
function stepTicks(domain, count) {
  const result = ticks$1(domain[0], domain[1], count);
  return result.filter((tick2) => Number.isInteger(tick2) && tick2 >= 0);
}
const SIZE = 256;
const NONFINITE = [200, 30, 160];
function parse(css2) {
  if (css2.startsWith("#")) {
    const n2 = Number.parseInt(css2.slice(1), 16);
    return [n2 >> 16, n2 >> 8 & 255, n2 & 255];
  }
  const [r2, g2, b2] = css2.match(/\d+/g).map(Number);
  return [r2, g2, b2];
}
function table(interpolate) {
  const result = new Uint8Array(3 * SIZE);
  for (let i2 = 0; i2 < SIZE; i2++) result.set(parse(interpolate(i2 / (SIZE - 1))), 3 * i2);
  return result;
}
function darkDiverging(t2) {
  const stops = [
    [143, 197, 255],
    [58, 113, 176],
    [40, 42, 47],
    [181, 84, 54],
    [255, 186, 148]
  ];
  const at = t2 * (stops.length - 1);
  const i2 = Math.min(stops.length - 2, Math.floor(at));
  const mixed = stops[i2].map((from, k2) => Math.round(from + (stops[i2 + 1][k2] - from) * (at - i2)));
  return `rgb(${mixed.join(",")})`;
}
const cache = /* @__PURE__ */ new Map();
function palette(diverging, dark) {
  const key = `${diverging}/${dark}`;
  let made = cache.get(key);
  if (!made) {
    const zero2 = dark ? [70, 72, 78] : [205, 208, 214];
    if (!diverging) {
      made = {
        table: table(interpolateViridis),
        under: [24, 0, 40],
        // Pale, but neither the yellow end nor the page: a lone clipped cell must not look like a hole.
        over: [255, 200, 168],
        zero: zero2,
        nonfinite: NONFINITE
      };
    } else if (dark) {
      made = {
        table: table(darkDiverging),
        under: [222, 240, 255],
        over: [255, 236, 220],
        zero: zero2,
        nonfinite: NONFINITE
      };
    } else {
      made = {
        table: table((t2) => interpolateRdBu(1 - t2)),
        under: [2, 20, 52],
        over: [58, 0, 16],
        zero: zero2,
        nonfinite: NONFINITE
      };
    }
    cache.set(key, made);
  }
  return made;
}
const tableColour = (palette2, t2) => {
  const i2 = 3 * Math.min(SIZE - 1, Math.max(0, Math.round(t2 * (SIZE - 1))));
  return [palette2.table[i2], palette2.table[i2 + 1], palette2.table[i2 + 2]];
};
function labelOf(state, value, scale) {
  switch (state) {
    case CELL.zero:
      return "zero";
    case CELL.nonfinite:
      return "nonfinite";
    case CELL.absent:
      return "absent";
    case CELL.header:
      return "header";
    case CELL.undefined:
      return "undefined";
    case CELL.refZero:
      return "refZero";
    case CELL.refNonfinite:
      return "refNonfinite";
    case CELL.refAbsent:
      return "refAbsent";
    default: {
      const t2 = toUnit(scale, value);
      return isUnder(t2) ? "under" : isOver(t2) ? "over" : "value";
    }
  }
}
function labelsIn(maps) {
  const found = /* @__PURE__ */ new Set();
  for (const { grid, scale } of maps) {
    const { seen: seen2, min, max, count } = gridFacts(grid);
    if (count > 0 && !found.has("value") && hasWithin(grid, scale, min, max)) found.add("value");
    if (min <= max) for (const value of [min, max]) found.add(labelOf(CELL.value, value, scale));
    for (const state of Object.values(CELL))
      if (state !== CELL.value && seen2[state]) found.add(labelOf(state, 0, scale));
  }
  return found;
}
function hasWithin({ states, values }, { lo, hi }, min, max) {
  if (max < lo || min > hi) return false;
  if (min >= lo || max <= hi) return true;
  return values.some((value, i2) => states[i2] === CELL.value && value >= lo && value <= hi);
}
function colourOf(state, value, scale, colours) {
  switch (labelOf(state, value, scale)) {
    case "value":
      return tableColour(colours, toUnit(scale, value));
    case "under":
      return colours.under;
    case "over":
      return colours.over;
    case "zero":
    case "refZero":
      return colours.zero;
    case "nonfinite":
    case "refNonfinite":
      return colours.nonfinite;
    default:
      return null;
  }
}
function sliceSteps(series, zoom) {
  if (series.reduced) return zoom === null ? series : sliceColumns(series, zoom[0], zoom[1]);
  const { steps, rows } = series;
  if (zoom === null || steps[0] >= zoom[0] && steps[steps.length - 1] <= zoom[1]) return series;
  let first = 0;
  while (first < steps.length && steps[first] < zoom[0]) first++;
  let end = first;
  while (end < steps.length && steps[end] <= zoom[1]) end++;
  const n2 = rows.length;
  const cut = (table2) => table2.subarray(first * n2, end * n2);
  return {
    ...series,
    steps: steps.subarray(first, end),
    wallTimes: series.wallTimes.subarray(first, end),
    absent: cut(series.absent),
    values: Object.fromEntries(Object.entries(series.values).map(([name, values]) => [name, cut(values)]))
  };
}
function brushed(steps, from, to) {
  if (steps.length < 2) return null;
  const [lo, hi] = from <= to ? [from, to] : [to, from];
  let first = steps.findIndex((step) => step >= lo);
  let last = steps.length - 1;
  while (last >= 0 && steps[last] > hi) last--;
  if (first < 0 || last <= first) {
    first = Math.min(nearest(steps, (lo + hi) / 2), steps.length - 2);
    last = first + 1;
  }
  return first === 0 && last === steps.length - 1 ? null : [steps[first], steps[last]];
}
function zoomedBy(steps, zoom, about, times) {
  if (steps.length < 2) return null;
  const [from, to] = zoom ?? [steps[0], steps[steps.length - 1]];
  const middle = Math.min(to, Math.max(from, about));
  const reach = (to - from) * times / 2;
  const lo = Math.max(steps[0], Math.min(middle - reach, steps[steps.length - 1] - 2 * reach));
  return brushed(steps, lo, Math.min(steps[steps.length - 1], lo + 2 * reach));
}
function compile(pattern) {
  try {
    return new RegExp(pattern, "i");
  } catch {
    return null;
  }
}
function filtered(pattern, all, name) {
  let last = /(?:)/i;
  const valid = O(() => compile(pattern.value) !== null);
  const items = O(() => {
    const expression = compile(pattern.value);
    if (expression) last = expression;
    return all.value.filter((item) => last.test(name(item)));
  });
  return { valid, items };
}
function stable(make, alike) {
  let last = null;
  return O(() => {
    const value = make();
    if (last && alike(last.value, value)) return last.value;
    last = { value };
    return value;
  });
}
const sameFields = (a2, b2) => {
  const keys = Object.keys(a2);
  return keys.length === Object.keys(b2).length && keys.every((key) => a2[key] === b2[key]);
};
class Kept {
  kept = /* @__PURE__ */ new WeakMap();
  get(of, from, make) {
    const had = this.kept.get(of);
    if (had && sameItems(had.from, from)) return had.made;
    const made = make();
    this.kept.set(of, { from, made });
    return made;
  }
}
const ROOM = 40;
function drawn(store) {
  const keys = {
    /** `ref`: every run against the reference. */
    against: store.key("flow.vs"),
    /** `on`: the percentile band in the profile, which several runs at once would make a muddle. */
    band: store.key("flow.band"),
    order: store.key("flow.order"),
    from: store.key("flow.from"),
    to: store.key("flow.to")
  };
  const room = y$1(ROOM);
  const tops = y$1([0]);
  const brush = y$1(null);
  const findings = y$1([]);
  const series = O(
    () => store.shown.value.flatMap((run) => {
      const one = store.loaded.value.get(run);
      return one && "series" in one ? [one.series] : [];
    })
  );
  const wholeSteps = O(() => allSteps(series.value.map(loggedSteps)));
  const zoom = O(() => {
    const [from, to] = [keys.from, keys.to].map(({ value }) => value === null ? Number.NaN : Number(value));
    const all = wholeSteps.value;
    const inside = all.some((step2) => step2 >= from && step2 <= to);
    return from < to && inside ? [from, to] : null;
  });
  const { exact: exact2 } = store;
  const windowed = O(
    () => series.value.map((one) => exact2.zoomedOf(one, zoom.value) ?? sliceSteps(one, zoom.value))
  );
  const tables = stable(
    () => series.value.map(({ rows }) => rows),
    (a2, b2) => sameItems(a2, b2)
  );
  const joined = O(() => unionRows(tables.value));
  const unionOf = stable(() => joined.value.rows, sameItems);
  const places = new Kept();
  const union = O(() => {
    const rows = unionOf.value;
    const index = tables.value.map((own, i2) => places.get(own, [rows], () => joined.value.index[i2]));
    return { rows, index };
  });
  const roles = O(() => {
    const present = new Set(unionOf.value.map(({ role: role2 }) => role2));
    const known2 = ["weight", "bias", "norm", "embedding", "other"].filter(
      (role2) => present.has(role2)
    );
    return store.kind.value.startsWith("activation") || known2.length < 2 ? [] : [...known2, "all"];
  });
  const role = O(() => {
    const wanted = store.view.role.value ?? "weight";
    return roles.value.includes(wanted) ? wanted : roles.value[0] ?? "all";
  });
  const ofRole = O(() => {
    const indices = unionOf.value.map((_2, i2) => i2);
    return role.value === "all" ? indices : indices.filter((i2) => unionOf.value[i2].role === role.value);
  });
  const filteredRows = filtered(store.view.rowFilter, ofRole, (i2) => unionOf.value[i2].name);
  const order = O(() => parseOrder(keys.order.value));
  const dropWeight = O(() => {
    const rows = unionOf.value;
    return filteredRows.items.value.every(
      (i2) => rows[i2].role === "weight" || rows[i2].name.endsWith(".weight")
    );
  });
  const folds = O(
    () => store.view.collapsed.value ?? foldsThatFit(unionOf.value, filteredRows.items.value, dropWeight.value, room.value)
  );
  const of = O(() => `${store.kind.value}/${store.source.value}`);
  const gridFor = (one, lines2, index, options) => isGain(store.kind.value, store.statistic.value) ? { ...gainGrid(one, lines2, index), ...one.reduced && { reduced: { ...one.reduced, sources: [] } } } : buildGrid(one, store.statistic.value, lines2, index, options);
  const keptGrids = new Kept();
  const lines = O(() => {
    const rows = unionOf.value;
    const shown2 = filteredRows.items.value;
    const by = order.value;
    if (by.by === "depth")
      return treeLines(rows, shown2, { isFolded: folder(folds.value), dropWeight: dropWeight.value });
    const flat = flatLines(rows, shown2, dropWeight.value);
    if (by.by === "name") return byName(flat);
    const first = series.value[0];
    const at = first ? cellAt(first, by.step) : -1;
    if (at < 0) return flat;
    const moment = oneStep(first, at);
    return byValue(flat, gridFor(moment, flat, union.value.index[0]), 0);
  });
  const plain = O(
    () => windowed.value.map((one, i2) => {
      const index = union.value.index[i2];
      const from = [store.statistic.value, lines.value, index, exact2.blocks.value.get(one.run)];
      return keptGrids.get(one, from, () => {
        const blocks = exact2.blocksOf(one.run, lines.value, unionOf.value, of.value);
        return gridFor(one, lines.value, index, { blocks });
      });
    })
  );
  const reference = O(() => plain.value.find(({ run }) => run === store.ref.value) ?? null);
  const canCompare = O(() => store.shown.value.length > 1);
  const compared = O(
    () => keys.against.value === "ref" && canCompare.value && reference.value !== null
  );
  const thresholds = O(() => {
    if (compared.value || !hasThresholds(store.kind.value, store.statistic.value)) return null;
    return { vanishing: store.view.vanishing.value, exploding: store.view.exploding.value };
  });
  const mode = O(
    () => store.view.scale.value ?? (isFraction(store.statistic.value) ? "linear" : "log")
  );
  const isFactor = O(() => isGain(store.kind.value, store.statistic.value));
  const plainScale = stable(() => {
    const alone = compared.value && reference.value ? [reference.value] : plain.value;
    const values = finiteValues(alone);
    const lo = compared.value ? null : store.view.lo.value;
    const hi = compared.value ? null : store.view.hi.value;
    if (isFactor.value) return factorScale(values, lo, hi);
    return autoScale(values, store.statistic.value, mode.value, lo, hi, thresholds.value);
  }, sameFields);
  const comparison = O(
    () => isFactor.value ? "factors" : comparisonOf(store.statistic.value, plainScale.value.diverging)
  );
  const grids = O(() => {
    const to = reference.value;
    if (!compared.value || !to) return plain.value;
    return plain.value.map((grid) => differenceGrid(grid, to, comparison.value));
  });
  const scale = stable(() => {
    if (!compared.value) return plainScale.value;
    const { lo, hi } = store.view;
    const values = finiteValues(grids.value.filter(({ run }) => run !== store.ref.value));
    if (comparison.value !== "difference") return factorScale(values, lo.value, hi.value);
    return autoScale(values, "mean", mode.value, lo.value, hi.value);
  }, sameFields);
  const mapOf = O(() => {
    const maps = /* @__PURE__ */ new Map();
    for (const grid of grids.value) maps.set(grid.run, { grid, scale: scale.value });
    if (compared.value && reference.value)
      maps.set(reference.value.run, { grid: reference.value, scale: plainScale.value });
    return maps;
  });
  const gridOf = O(
    () => new Map([...mapOf.value].map(([run, { grid }]) => [run, grid]))
  );
  const plainOf = O(() => new Map(plain.value.map((grid) => [grid.run, grid])));
  const labels = O(() => labelsIn([...mapOf.value.values()]));
  const steps = stable(() => allSteps(grids.value.map(loggedSteps)), sameItems);
  const domain = stable(() => stepDomain(grids.value.map(loggedSteps)), sameItems);
  const step = O(() => {
    const all = steps.value;
    const wanted = store.view.step.value;
    if (all.length === 0) return wanted ?? 0;
    const last = all[all.length - 1];
    return Math.min(Math.max(wanted ?? last, zoom.value ? all[0] : Number.NEGATIVE_INFINITY), last);
  });
  const line = O(() => {
    const found = lineOf(lines.value, union.value.rows, store.view.row.value);
    if (store.view.row.value !== null || !isFactor.value) return found;
    const any = plain.value[0];
    const n2 = any?.steps.length ?? 0;
    const first = lines.value.findIndex(
      (_2, i2) => any?.states.subarray(i2 * n2, (i2 + 1) * n2).includes(CELL.value)
    );
    return first >= 0 ? first : found;
  });
  const inColumns = O(() => plain.value.some(({ reduced }) => reduced));
  const usual = () => reference.value ? spacing(loggedSteps(reference.value)) : 1;
  const against = (some) => {
    const to = compared.value ? some.find(({ run }) => run === store.ref.value) : void 0;
    return to ? some.map((grid) => differenceGrid(grid, to, comparison.value, usual())) : some;
  };
  const plainAtStep = O(
    () => windowed.value.map((one, i2) => {
      const moment = momentOf(one, exact2.nearOf(one.run, of.value), step.value);
      if (!moment) return plain.value[i2];
      return gridFor(moment, lines.value, union.value.index[i2], { whole: one });
    })
  );
  const gridsAtStep = O(() => inColumns.value ? against(plainAtStep.value) : grids.value);
  const gridsOfLine = O(() => {
    const at = line.value;
    const one = lines.value[at];
    if (!one) return [];
    if (!inColumns.value) return grids.value.map((grid) => oneLine(grid, at));
    const key = blockKey(one, unionOf.value);
    const found = plain.value.map((grid) => {
      const whole = grid.reduced ? exact2.lineOf(grid.run, key, of.value, zoom.value) : void 0;
      return whole ? gridOfLine(whole, store.statistic.value, one) : oneLine(grid, at);
    });
    return against(found);
  });
  const marks = O(() => {
    const all = [...store.windows.value].filter(([run]) => store.shown.value.includes(run));
    const made = new Map(all.map(([run, own]) => [run, windowMarks(own)]));
    for (const run of store.shown.value) {
      const found = foundMarks(findings.value, run);
      if (found.length > 0)
        made.set(
          run,
          [...made.get(run) ?? [], ...found].sort((a2, b2) => a2.step - b2.step)
        );
    }
    return made;
  });
  const markKinds = O(() => {
    const [from, to] = domain.value;
    const found = /* @__PURE__ */ new Set();
    if (grids.value.length === 0) return [];
    for (const own of marks.value.values()) {
      for (const one of own) if (one.step >= from && one.step <= to) found.add(one.kind);
    }
    return MARK_KINDS.filter((kind) => found.has(kind));
  });
  const windowCounts = O(() => {
    const counts = store.shown.value.map((run) => windowCount(store.windows.value.get(run) ?? []));
    counts.sort((a2, b2) => b2.written * a2.kept - a2.written * b2.kept);
    return counts.find(({ kept: kept2, written }) => kept2 > 0 && written > kept2) ?? null;
  });
  return {
    ...{
      keys,
      room,
      tops,
      brush,
      findings,
      series,
      wholeSteps,
      zoom,
      union,
      roles,
      role,
      filteredRows,
      order,
      folds
    },
    ...{ lines, grids, gridOf, plainOf, mapOf, canCompare, compared, comparison, thresholds, mode, scale },
    ...{
      windowed,
      plainAtStep,
      gridsAtStep,
      gridsOfLine,
      plainScale,
      labels,
      steps,
      domain,
      step,
      line,
      marks,
      markKinds,
      windowCount: windowCounts
    }
  };
}
const FIRST_RUNS = 4;
const FIRST_LISTED = 40;
const SERIES_PANELS = ["gradient_flow"];
class Store {
  view = Object.fromEntries(
    Object.entries(DEFAULTS).map(([key, value]) => [key, y$1(value)])
  );
  /** Whether the list of keys lies over the page. */
  keysListed = y$1(false);
  /** True while a jump is under way. */
  jumping = false;
  /** What the arrow keys move in the panel that is open. */
  course = y$1(null);
  keys = /* @__PURE__ */ new Map();
  asked = y$1(0);
  /** What a link says beyond the shared view: keys of panels, which register them by asking. */
  others = y$1({});
  dark = y$1(false);
  hover = y$1(null);
  note = y$1(null);
  /** Where the pointer is on the x axis that a panel's charts share. */
  pointer = y$1(null);
  runs = y$1(null);
  runsError = y$1(null);
  scalars = y$1([]);
  loaded = y$1(/* @__PURE__ */ new Map());
  seriesError = y$1(null);
  loading = y$1(false);
  /** Runs that have come, of those that were asked for; null when all are there. */
  progress = y$1(null);
  /** Runs whose lines of the list can be seen; null until it was laid out. */
  listedInView = y$1(null);
  /** Device pixels that a heat map has across; 0 until one was laid out. */
  mapPixels = y$1(0);
  exact = new Exact();
  /** `nonfinite` and `count` of runs in which something is not finite, for the tooltips. */
  nonfinite = y$1(/* @__PURE__ */ new Map());
  /** Scalars that say what happened between logged steps, by run. */
  windows = y$1(/* @__PURE__ */ new Map());
  /** Our own cost by run, where it is known. */
  overheads = y$1(/* @__PURE__ */ new Map());
  windowsError = y$1(null);
  order = O(() => runOrder(this.runs.value ?? []));
  names = O(() => [...this.order.value.keys()]);
  selected = O(() => {
    const chosen = this.view.runs.value;
    if (chosen === null) return this.names.value.slice(0, FIRST_RUNS);
    return chosen.filter((run) => this.order.value.has(run));
  });
  ref = O(() => {
    const wanted = this.view.ref.value;
    const selected = this.selected.value;
    if (wanted !== null && selected.includes(wanted)) return wanted;
    return this.names.value.find((run) => selected.includes(run)) ?? null;
  });
  shown = O(() => shownRuns(this.selected.value, this.ref.value, this.order.value));
  /** Runs of which anything can be seen. */
  visible = O(() => {
    const listed = this.listedInView.value ?? this.names.value.slice(0, FIRST_LISTED);
    return [.../* @__PURE__ */ new Set([...this.shown.value, ...listed])].filter((run) => this.order.value.has(run));
  });
  shortNames = O(() => shortNames(this.shown.value));
  headlines = O(
    () => headlines(this.scalars.value, LOG_PREFIX)
  );
  listed = filtered(this.view.runFilter, this.names, (name) => name);
  /** Statistics at hand in any run, by kind, in the order of the select. */
  statistics = O(() => {
    const byKind = /* @__PURE__ */ new Map();
    for (const { kinds } of this.runs.value ?? []) {
      for (const [kind, names] of Object.entries(kinds)) {
        const set = byKind.get(kind) ?? /* @__PURE__ */ new Set();
        for (const name of names ?? []) set.add(name);
        if (kind === GAIN.kind && set.has(GAIN.source)) set.add(GAIN.statistic);
        byKind.set(kind, set);
      }
    }
    return sortKinds([...byKind.keys()]).map((kind) => ({
      kind,
      names: sortStatistics([...byKind.get(kind)])
    }));
  });
  kind = O(() => this.choice.value?.kind ?? "gradient");
  statistic = O(() => this.choice.value?.statistic ?? "norm");
  choice = O(() => {
    const groups = this.statistics.value;
    const group = groups.find(({ kind }) => kind === this.view.kind.value) ?? groups[0];
    if (!group) return null;
    const wanted = this.view.statistic.value;
    const statistic = wanted !== null && group.names.includes(wanted) ? wanted : group.names[0];
    return { kind: group.kind, statistic };
  });
  /** What the server is asked for: some statistics are derived here, of others. */
  source = O(() => sourceOf(this.kind.value, this.statistic.value));
  /** Whether the panel that is open shows the statistic of all rows: for the others it is not fetched. */
  usesSeries = O(() => SERIES_PANELS.includes(this.view.panel.value ?? SERIES_PANELS[0]));
  /** What follows of all that for the picture. */
  flow = drawn(this);
  series = this.flow.series;
  union = this.flow.union;
  roles = this.flow.roles;
  role = this.flow.role;
  filteredRows = this.flow.filteredRows;
  lines = this.flow.lines;
  grids = this.flow.grids;
  gridOf = this.flow.gridOf;
  gridsAtStep = this.flow.gridsAtStep;
  gridsOfLine = this.flow.gridsOfLine;
  mode = this.flow.mode;
  scale = this.flow.scale;
  labels = this.flow.labels;
  thresholds = this.flow.thresholds;
  steps = this.flow.steps;
  domain = this.flow.domain;
  step = this.flow.step;
  line = this.flow.line;
  marks = this.flow.marks;
  markKinds = this.flow.markKinds;
  windowCount = this.flow.windowCount;
  colour(run) {
    return runColour(this.order.value.get(run) ?? 0, this.dark.value);
  }
  rowOf(line) {
    const one = this.lines.value[line];
    return one?.type === "row" ? this.union.value.rows[one.rows[0]] : null;
  }
  moveTo(line, step) {
    r(() => {
      const target = line === null ? null : this.lines.value[line];
      if (target && target.type !== "header") this.view.row.value = target.key;
      if (step !== null) this.view.step.value = step;
    });
  }
  /** To the next logged step of any shown run. */
  moveStep(by) {
    const steps = this.steps.value;
    if (steps.length === 0) return;
    const at = nearest(steps, this.step.value);
    this.view.step.value = steps[Math.min(steps.length - 1, Math.max(0, at + by))];
  }
  moveLine(by) {
    const lines = this.lines.value;
    for (let line = this.line.value + by; line >= 0 && line < lines.length; line += by) {
      if (lines[line].type === "header") continue;
      this.moveTo(line, null);
      return;
    }
  }
  toggleBlock(key) {
    const line = this.lines.value.find((one) => one.key === key);
    if (line)
      this.view.collapsed.value = setFold(this.flow.folds.value, key, line.depth, line.type === "header");
  }
  setCollapsed(all) {
    this.view.collapsed.value = all ? ["@0"] : [];
  }
  /** Null: all steps. */
  zoomTo(zoom) {
    r(() => {
      this.flow.keys.from.value = zoom && String(zoom[0]);
      this.flow.keys.to.value = zoom && String(zoom[1]);
    });
  }
  compare(on) {
    r(() => {
      this.flow.keys.against.value = on ? "ref" : null;
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }
  toggleRun(run) {
    const now = this.selected.value;
    const next = now.includes(run) ? now.filter((one) => one !== run) : [...now, run];
    r(() => {
      if (this.view.ref.value === null && now.length > 0 && next.includes(this.ref.value)) {
        this.view.ref.value = this.ref.value;
      }
      this.view.runs.value = next;
    });
  }
  setRef(run) {
    r(() => {
      if (!this.selected.value.includes(run)) this.view.runs.value = [...this.selected.value, run];
      this.view.ref.value = run;
    });
  }
  selectListed(on) {
    const listed = this.listed.items.value;
    const others = this.selected.value.filter((run) => !listed.includes(run));
    this.view.runs.value = on ? [...others, ...listed] : others;
  }
  choose(kind, statistic) {
    r(() => {
      this.view.kind.value = kind;
      this.view.statistic.value = statistic;
      this.view.lo.value = null;
      this.view.hi.value = null;
    });
  }
  /**
   * A panel's own part of the address, such as `act.sample`: null where it is at its default.
   *
   *     const sample = Number(store.key("act.sample").value ?? 0);
   */
  key(name) {
    if (name in this.view) throw new Error(`invalid key: ${name} is of the shared view`);
    let one = this.keys.get(name);
    if (!one) {
      one = y$1(this.others.peek()[name] ?? null);
      this.keys.set(name, one);
      this.asked.value = this.keys.size;
    }
    return one;
  }
  /** All keys of panels that are not at their default; those of panels that were not opened stay as they came. */
  panelKeys() {
    const result = { ...this.others.value };
    void this.asked.value;
    for (const [name, { value }] of this.keys) {
      if (value === null) delete result[name];
      else result[name] = value;
    }
    return result;
  }
  setPanelKeys(keys) {
    r(() => {
      this.others.value = keys;
      for (const [name, one] of this.keys) one.value = keys[name] ?? null;
    });
  }
  /** A change that the back button undoes, whatever it changes: a finding's "Show" leads elsewhere. */
  jump(change) {
    this.jumping = true;
    try {
      r(change);
    } finally {
      this.jumping = false;
    }
  }
  state() {
    return Object.fromEntries(
      Object.entries(this.view).map(([key, one]) => [key, one.value])
    );
  }
  setState(state) {
    r(() => {
      for (const [key, value] of Object.entries(state))
        this.view[key].value = value;
    });
  }
}
const style = ':root {\n  --bg: #fff;\n  --panel: #fff;\n  --side: #f8f9fb;\n  --line: #e1e4e9;\n  --text: #1f2430;\n  --dim: #5d6677;\n  --accent: #d9630a;\n  --accent-text: #ad4800;\n  --hover: #f1f3f6;\n  --chip: #eef1f5;\n  --crit: #c5221f;\n  --bad: #b5179e;\n  --sel: rgba(232, 113, 10, 0.13);\n  --halo: rgba(255, 255, 255, 0.85);\n  --dots: #b9bfc9;\n  --shadow: 0 4px 18px rgba(20, 26, 40, 0.16);\n  color-scheme: light;\n}\n:root.dark {\n  --bg: #1e1f22;\n  --panel: #25272b;\n  --side: #1a1b1e;\n  --line: #383b42;\n  --text: #e8eaed;\n  --dim: #a3a9b4;\n  --accent: #ff9d45;\n  --accent-text: #ff9d45;\n  --hover: #2b2e33;\n  --chip: #33363d;\n  --crit: #f28b82;\n  --bad: #f06fd2;\n  --sel: rgba(255, 157, 69, 0.17);\n  --halo: rgba(20, 20, 22, 0.8);\n  --dots: #5c6068;\n  --shadow: 0 4px 18px rgba(0, 0, 0, 0.5);\n  color-scheme: dark;\n}\n*,\n*::before,\n*::after {\n  box-sizing: border-box;\n}\nhtml,\nbody {\n  height: 100%;\n}\nbody {\n  margin: 0;\n  overflow: hidden;\n  background: var(--bg);\n  color: var(--text);\n  font:\n    13px / 1.45 Roboto,\n    "Segoe UI",\n    Helvetica,\n    Arial,\n    sans-serif;\n  -webkit-font-smoothing: antialiased;\n}\nbutton,\ninput,\nselect {\n  font: inherit;\n  color: inherit;\n}\nbutton {\n  background: none;\n  border: 0;\n  padding: 0;\n  cursor: pointer;\n}\nbutton:disabled {\n  cursor: default;\n}\n:focus-visible {\n  outline: 2px solid var(--accent);\n  outline-offset: 1px;\n  border-radius: 4px;\n}\nh1,\nh2,\np,\nul,\nfieldset {\n  margin: 0;\n  padding: 0;\n  border: 0;\n}\nul {\n  list-style: none;\n}\n.dim {\n  color: var(--dim);\n}\n.mark {\n  flex: none;\n  display: block;\n}\n\n#nnviz {\n  height: 100%;\n}\n.app {\n  display: grid;\n  grid-template-columns: 248px minmax(0, 1fr);\n  height: 100%;\n}\n.app.folded {\n  grid-template-columns: 40px minmax(0, 1fr);\n}\n@media (max-width: 1150px) {\n  .app {\n    grid-template-columns: 208px minmax(0, 1fr);\n  }\n}\n.side,\n.rail {\n  background: var(--side);\n  border-right: 1px solid var(--line);\n  min-height: 0;\n}\n.side {\n  display: flex;\n  flex-direction: column;\n  padding: 10px 0 0;\n}\n.rail {\n  padding: 8px 6px;\n}\n.main {\n  min-width: 0;\n  min-height: 0;\n  display: flex;\n  flex-direction: column;\n}\n\n.head {\n  display: flex;\n  align-items: center;\n}\n.side .head {\n  padding: 0 8px 6px 16px;\n  gap: 8px;\n}\nh2 {\n  font-size: 11px;\n  font-weight: 600;\n  letter-spacing: 0.06em;\n  text-transform: uppercase;\n  color: var(--dim);\n}\n.count {\n  margin-left: auto;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.icon {\n  display: inline-grid;\n  place-items: center;\n  width: 26px;\n  height: 26px;\n  border-radius: 6px;\n  color: var(--dim);\n  flex: none;\n}\n.icon:hover {\n  background: var(--hover);\n  color: var(--text);\n}\n\n.field {\n  width: 100%;\n  min-width: 0;\n  border: 1px solid var(--line);\n  border-radius: 6px;\n  background: var(--panel);\n  padding: 4px 9px;\n  font-size: 12px;\n  line-height: 18px;\n  outline-offset: -1px;\n}\n.field::placeholder {\n  color: var(--dim);\n  opacity: 0.85;\n}\n.field:hover {\n  border-color: var(--dim);\n}\n.field.bad {\n  border-color: var(--crit);\n  color: var(--crit);\n}\n.side .field {\n  margin: 0 16px;\n  width: auto;\n}\n.complaint {\n  color: var(--crit);\n  font-size: 11px;\n  padding: 4px 16px 0;\n}\n.bulk {\n  display: flex;\n  align-items: center;\n  gap: 2px;\n  padding: 5px 16px 3px 10px;\n  font-size: 11px;\n  color: var(--dim);\n}\n.bulk button {\n  padding: 2px 6px;\n  border-radius: 4px;\n}\n.bulk button:hover {\n  background: var(--hover);\n  color: var(--text);\n}\n.metric-name {\n  margin-left: auto;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n\n.runs {\n  flex: 1;\n  min-height: 0;\n  overflow-y: auto;\n  padding-bottom: 12px;\n  scrollbar-width: thin;\n}\n.runs .none {\n  padding: 8px 16px;\n  color: var(--dim);\n  font-size: 12px;\n}\n.run {\n  position: relative;\n  display: flex;\n  align-items: center;\n  gap: 6px;\n  padding: 0 16px 0 8px;\n  height: 28px;\n  content-visibility: auto;\n  contain-intrinsic-size: auto 28px;\n}\n.run:hover {\n  background: var(--hover);\n}\n.run .toggle {\n  flex: 1;\n  min-width: 0;\n  display: flex;\n  align-items: center;\n  gap: 9px;\n  padding: 3px 4px 3px 8px;\n  text-align: left;\n}\n.run .name {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.run .metric {\n  color: var(--dim);\n  font-size: 12px;\n  font-variant-numeric: tabular-nums;\n  min-width: 42px;\n  text-align: right;\n}\n.run.off .name,\n.run.off .metric {\n  opacity: 0.62;\n}\n.pin {\n  font-size: 10px;\n  line-height: 15px;\n  border: 1px solid transparent;\n  border-radius: 4px;\n  padding: 0 4px;\n  color: var(--dim);\n  opacity: 0;\n}\n.run:hover .pin,\n.pin:focus-visible {\n  opacity: 1;\n  border-color: var(--line);\n}\n.pin:not(.on) {\n  position: absolute;\n  right: 66px;\n  background: var(--panel);\n}\n.pin.on {\n  opacity: 1;\n  border-color: var(--dim);\n  color: var(--text);\n  font-weight: 500;\n}\n\n.main.settling {\n  visibility: hidden;\n}\n.health {\n  display: flex;\n  align-items: center;\n  gap: 10px;\n  height: 56px;\n  flex: none;\n  padding: 0 16px;\n  border-bottom: 1px solid var(--line);\n  font-size: 12px;\n}\n.health.folded {\n  height: 28px;\n}\n.health .fold {\n  flex: none;\n  white-space: nowrap;\n}\n.health .fold:hover {\n  color: var(--accent-text);\n}\n.health .cards {\n  display: flex;\n  gap: 8px;\n  flex: 1;\n  min-width: 0;\n  overflow-x: auto;\n  scrollbar-width: thin;\n  padding: 4px 2px;\n}\n.health .card {\n  flex: 1 0 272px;\n  max-width: 420px;\n  min-width: 0;\n}\n.health .card button {\n  display: block;\n  width: 100%;\n  height: 42px;\n  padding: 3px 9px 3px 8px;\n  text-align: left;\n  border: 1px solid var(--line);\n  border-left: 3px solid var(--dim);\n  border-radius: 5px;\n  background: var(--panel);\n  line-height: 17px;\n}\n.health .card button:hover {\n  background: var(--hover);\n}\n.health .severe button {\n  border-left-color: var(--crit);\n}\n.health .warning button {\n  border-left-color: var(--accent);\n  border-left-style: double;\n  border-left-width: 4px;\n}\n.health .first,\n.health .second {\n  display: flex;\n  align-items: center;\n  gap: 6px;\n  white-space: nowrap;\n}\n.health .second {\n  display: block;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  color: var(--dim);\n  font-size: 11.5px;\n  font-variant-numeric: tabular-nums;\n}\n.health .first b {\n  font-weight: 600;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.health .severity {\n  font-size: 10px;\n  font-weight: 600;\n  letter-spacing: 0.05em;\n  text-transform: uppercase;\n  color: var(--dim);\n}\n.health .severe .severity {\n  color: var(--crit);\n}\n.health .warning .severity {\n  color: var(--accent-text);\n}\n.health .go {\n  margin-left: auto;\n  color: var(--accent-text);\n}\n.health .summary {\n  flex: 1;\n  min-width: 0;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.health .others {\n  flex: none;\n  margin-left: auto;\n  padding: 2px 8px;\n  border: 1px solid var(--line);\n  border-radius: 5px;\n  color: var(--accent-text);\n  white-space: nowrap;\n}\n.health .others:hover {\n  background: var(--hover);\n}\n.health .cost,\n.health .unread {\n  flex: none;\n  white-space: nowrap;\n  font-size: 11px;\n  font-variant-numeric: tabular-nums;\n}\n.health.failed {\n  color: var(--crit);\n}\n@media (max-width: 1050px) {\n  .health {\n    padding-inline: 12px;\n  }\n  .health .cost {\n    display: none;\n  }\n}\n\n.tabs {\n  display: flex;\n  align-items: center;\n  padding: 0 16px;\n  border-bottom: 1px solid var(--line);\n}\n.tabs > [role="tablist"] {\n  display: flex;\n  gap: 2px;\n  flex: 1;\n  min-width: 0;\n  overflow-x: auto;\n  scrollbar-width: none;\n}\n.tabs [role="tab"] {\n  padding: 9px 12px;\n  color: var(--dim);\n  font-weight: 500;\n  white-space: nowrap;\n}\n.tabs [role="tab"]:hover {\n  color: var(--text);\n}\n.tabs [role="tab"][aria-selected="true"] {\n  color: var(--text);\n  box-shadow: inset 0 -2px var(--accent);\n}\n.tabs [role="tab"]:focus-visible {\n  outline-offset: -3px;\n}\n.key-button {\n  color: var(--dim);\n}\n.tab-panel {\n  flex: 1;\n  min-height: 0;\n  display: flex;\n  flex-direction: column;\n}\n.veil {\n  position: fixed;\n  inset: 0;\n  z-index: 40;\n  display: grid;\n  place-content: center;\n  background: rgba(10, 12, 18, 0.35);\n}\n.keys {\n  width: min(440px, 100vw - 32px);\n  max-height: calc(100vh - 32px);\n  overflow: auto;\n  padding: 18px 20px;\n  border-radius: 10px;\n  background: var(--panel);\n  border: 1px solid var(--line);\n  box-shadow: var(--shadow);\n}\n.keys dl {\n  margin: 12px 0 16px;\n  display: grid;\n  gap: 8px;\n}\n.keys dl > div {\n  display: grid;\n  grid-template-columns: 150px 1fr;\n  align-items: baseline;\n}\n.keys dd {\n  margin: 0;\n}\nkbd {\n  display: inline-block;\n  min-width: 22px;\n  margin-right: 4px;\n  padding: 0 6px;\n  text-align: center;\n  font: inherit;\n  font-size: 12px;\n  border: 1px solid var(--line);\n  border-bottom-width: 2px;\n  border-radius: 4px;\n  background: var(--chip);\n}\n\n.slider {\n  display: flex;\n  flex: 1;\n  gap: 8px;\n  align-items: center;\n  min-width: 220px;\n}\n.slider input {\n  flex: 1;\n  min-width: 80px;\n  height: 18px;\n  margin: 0;\n  appearance: none;\n  background: none;\n  cursor: pointer;\n}\n.slider input::-webkit-slider-runnable-track {\n  height: 4px;\n  border-radius: 2px;\n  background: linear-gradient(var(--accent), var(--accent)) 0 / calc(var(--at) * 100%) no-repeat var(--line);\n}\n.slider input::-moz-range-track {\n  height: 4px;\n  border-radius: 2px;\n  background: var(--line);\n}\n.slider input::-moz-range-progress {\n  height: 4px;\n  border-radius: 2px;\n  background: var(--accent);\n}\n.slider input::-webkit-slider-thumb {\n  appearance: none;\n  width: 14px;\n  height: 14px;\n  margin-top: -5px;\n  border-radius: 50%;\n  background: var(--accent);\n}\n.slider input::-moz-range-thumb {\n  width: 14px;\n  height: 14px;\n  border: 0;\n  border-radius: 50%;\n  background: var(--accent);\n}\n.slider input:disabled {\n  cursor: default;\n  filter: grayscale(1);\n}\n.slider output {\n  min-width: 112px;\n  font-variant-numeric: tabular-nums;\n  white-space: nowrap;\n}\n\n/* A panel whose layers stand at its left. */\n.with-layers {\n  flex: 1;\n  min-height: 0;\n  display: grid;\n  grid-template-columns: 208px minmax(0, 1fr);\n  gap: 0 14px;\n  padding: 0 16px 8px;\n}\n.layers {\n  display: flex;\n  flex-direction: column;\n  gap: 6px;\n  min-height: 0;\n}\n.layer-list {\n  position: relative;\n  flex: 1;\n  min-height: 0;\n  overflow: auto;\n  overscroll-behavior: contain;\n  scrollbar-width: thin;\n}\n.layer {\n  position: absolute;\n  left: 0;\n  right: 0;\n  display: flex;\n  align-items: center;\n  gap: 6px;\n  padding: 0 6px;\n  border-radius: 4px;\n  font-size: 12px;\n  white-space: nowrap;\n  cursor: pointer;\n}\n.layer:hover {\n  background: var(--hover);\n}\n.layer .label {\n  flex: none;\n  max-width: 100%;\n  overflow: hidden;\n  text-overflow: ellipsis;\n}\n.layer .note {\n  margin-left: auto;\n  color: var(--dim);\n  font-size: 11px;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  flex: 0 10 auto;\n}\n.layer.selected {\n  background: var(--sel);\n}\n.layer.selected .label {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.layer-list .none {\n  color: var(--dim);\n  padding: 4px 6px;\n  margin: 0;\n}\n@media (max-width: 1050px) {\n  .with-layers {\n    grid-template-columns: 150px minmax(0, 1fr);\n    padding-inline: 12px;\n  }\n  .layer .note {\n    display: none;\n  }\n}\n\n.panel {\n  flex: 1;\n  min-height: 0;\n  display: flex;\n  flex-direction: column;\n}\n.tools {\n  display: flex;\n  flex-wrap: wrap;\n  gap: 8px;\n  padding: 10px 16px 6px;\n  align-items: center;\n}\n.tools .gap {\n  flex: 1;\n}\n@media (max-width: 1050px) {\n  .tools {\n    gap: 6px;\n    padding-inline: 12px;\n  }\n  .tools button.button {\n    padding-inline: 7px;\n  }\n}\n.button {\n  display: inline-flex;\n  align-items: center;\n  gap: 5px;\n  border: 1px solid var(--line);\n  border-radius: 6px;\n  background: var(--panel);\n  padding: 0 10px;\n  height: 28px;\n  font-size: 12px;\n  white-space: nowrap;\n}\n.button:hover:not(:disabled) {\n  background: var(--hover);\n}\n.button:disabled {\n  color: var(--dim);\n  opacity: 0.6;\n}\n.button b,\n.button.strong {\n  font-weight: 600;\n}\n.button b {\n  font-variant-numeric: tabular-nums;\n}\nselect.button {\n  field-sizing: content;\n  appearance: none;\n  padding-right: 24px;\n  max-width: 290px;\n  text-overflow: ellipsis;\n  background-image:\n    linear-gradient(45deg, transparent 50%, var(--dim) 50%),\n    linear-gradient(135deg, var(--dim) 50%, transparent 50%);\n  background-size: 4px 4px;\n  background-position:\n    right 13px center,\n    right 9px center;\n  background-repeat: no-repeat;\n  cursor: pointer;\n}\nselect.button option,\nselect.button optgroup {\n  background: var(--panel);\n  color: var(--text);\n  font-weight: 400;\n}\nselect.button optgroup {\n  font-weight: 600;\n}\n.of {\n  display: inline-flex;\n  align-items: center;\n  gap: 8px;\n  color: var(--dim);\n  font-size: 12px;\n}\n.of select {\n  color: var(--text);\n}\n.segments {\n  display: inline-flex;\n  border: 1px solid var(--line);\n  border-radius: 6px;\n  overflow: hidden;\n  height: 28px;\n  min-width: 0;\n}\n.segments button {\n  padding: 0 10px;\n  font-size: 12px;\n  color: var(--dim);\n  outline-offset: -2px;\n}\n.segments button:hover:not(:disabled) {\n  background: var(--hover);\n}\n.segments button[aria-pressed="true"] {\n  background: var(--chip);\n  color: var(--text);\n  font-weight: 500;\n}\n.segments button:disabled {\n  opacity: 0.45;\n}\n.step {\n  padding-right: 8px;\n}\n.button.step:hover:not(:disabled) {\n  background: var(--panel);\n}\n.step input {\n  field-sizing: content;\n  border: 0;\n  background: none;\n  padding: 0;\n  font-weight: 600;\n  font-variant-numeric: tabular-nums;\n  outline: none;\n  min-width: 3ch;\n  text-align: right;\n}\n.step:focus-within {\n  outline: 2px solid var(--accent);\n  outline-offset: 1px;\n}\n.popover {\n  position: relative;\n}\n.sheet {\n  position: absolute;\n  z-index: 30;\n  top: 34px;\n  left: 0;\n  width: 264px;\n  padding: 12px;\n  border: 1px solid var(--line);\n  border-radius: 8px;\n  background: var(--panel);\n  box-shadow: var(--shadow);\n  display: grid;\n  gap: 10px;\n  justify-items: start;\n}\n.sheet p {\n  font-size: 12px;\n  color: var(--dim);\n}\n.fields {\n  display: grid;\n  grid-template-columns: 1fr 1fr;\n  gap: 10px;\n}\n.number {\n  font-size: 11px;\n  color: var(--dim);\n  display: grid;\n  gap: 3px;\n}\n.number .field {\n  color: var(--text);\n  font-variant-numeric: tabular-nums;\n}\n\n.tree-head {\n  display: flex;\n  gap: 4px;\n  align-items: center;\n  height: 30px;\n}\n.tree-head .field {\n  padding-top: 2px;\n  padding-bottom: 2px;\n}\n.run-head {\n  display: flex;\n  align-items: center;\n  gap: 7px;\n  height: 30px;\n  font-size: 12.5px;\n}\n.run-head b {\n  flex: 1;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n  font-weight: 600;\n}\n.run-head span {\n  font-size: 12px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.profile-head {\n  height: 34px;\n  position: relative;\n  line-height: 20px;\n  font-size: 12.5px;\n}\n.profile-head b {\n  font-weight: 600;\n  font-variant-numeric: tabular-nums;\n}\n.threshold {\n  position: absolute;\n  bottom: 0;\n  font-size: 10.5px;\n  line-height: 13px;\n  color: var(--crit);\n  white-space: nowrap;\n}\n\n.tree {\n  position: relative;\n  line-height: 1;\n  user-select: none;\n}\n.line {\n  position: absolute;\n  left: 0;\n  right: 0;\n  display: flex;\n  align-items: center;\n  gap: 3px;\n  white-space: nowrap;\n  cursor: pointer;\n  border-radius: 4px;\n  padding-right: 4px;\n}\n.line:hover {\n  background: var(--hover);\n}\n.line:focus-visible {\n  outline-offset: -2px;\n}\n.line.header {\n  color: var(--dim);\n}\n.line .caret {\n  width: 12px;\n  flex: none;\n  font-size: 10px;\n  color: var(--dim);\n  text-align: center;\n  line-height: 1;\n  align-self: stretch;\n}\n.line .label {\n  overflow: hidden;\n  text-overflow: ellipsis;\n  min-width: 0;\n  flex: 0 1 auto;\n  line-height: 1.2;\n}\n.line .note {\n  margin-left: auto;\n  padding-left: 8px;\n  color: var(--dim);\n  font-size: 0.9em;\n  flex: 0 10 auto;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  line-height: 1.2;\n  font-variant-numeric: tabular-nums;\n}\n.line.block .label {\n  font-weight: 500;\n}\n.line.selected {\n  background: var(--sel);\n}\n.line.selected .label {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n\n.map {\n  position: relative;\n  cursor: crosshair;\n  overflow: hidden;\n}\n.map canvas {\n  display: block;\n  image-rendering: pixelated;\n}\n.row-cursor {\n  position: absolute;\n  left: 0;\n  right: 0;\n  border: 1.5px solid var(--accent);\n  pointer-events: none;\n  box-shadow:\n    0 0 0 0.5px var(--halo),\n    inset 0 0 0 0.5px var(--halo);\n}\n.row-cursor.faint {\n  border-width: 1px;\n  opacity: 0.75;\n  box-shadow: none;\n}\n.step-cursor {\n  position: absolute;\n  top: 0;\n  bottom: 0;\n  width: 1.5px;\n  margin-left: -0.75px;\n  background: var(--accent);\n  pointer-events: none;\n  box-shadow: 0 0 0 1px var(--halo);\n}\n.step-cursor.plain {\n  box-shadow: none;\n  bottom: auto;\n  /* Above the chart, also where that was drawn anew after it. */\n  z-index: 1;\n}\n.pending {\n  height: 100%;\n  border-radius: 2px;\n  background: var(--hover);\n  animation: pulse 1.4s ease-in-out infinite;\n}\n@keyframes pulse {\n  50% {\n    opacity: 0.45;\n  }\n}\n@media (prefers-reduced-motion: reduce) {\n  .pending {\n    animation: none;\n  }\n}\n.no-data {\n  height: 100%;\n  display: grid;\n  place-items: center;\n  text-align: center;\n  padding: 12px;\n  color: var(--dim);\n  font-size: 12px;\n  border: 1px dashed var(--line);\n  border-radius: 4px;\n}\n.ticks {\n  position: relative;\n  height: 24px;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.ticks span {\n  position: absolute;\n  top: 4px;\n  transform: translateX(-50%);\n  white-space: nowrap;\n}\n.ticks .bad {\n  color: var(--bad);\n}\n\n.lower {\n  display: flex;\n}\n.series {\n  min-width: 0;\n  position: relative;\n}\n.series-title {\n  display: flex;\n  gap: 7px;\n  align-items: flex-end;\n  padding-bottom: 5px;\n  font-size: 12px;\n  color: var(--dim);\n  white-space: nowrap;\n  overflow: hidden;\n}\n.series-title b {\n  color: var(--accent-text);\n  font-weight: 600;\n}\n.plot {\n  position: relative;\n  cursor: crosshair;\n}\n.beside {\n  flex: none;\n  padding-top: 14px;\n  display: flex;\n  flex-direction: column;\n  gap: 14px;\n  min-height: 0;\n}\n.readout {\n  min-height: 0;\n  overflow-y: auto;\n  scrollbar-width: thin;\n  font-size: 12px;\n}\n.readout li {\n  display: flex;\n  align-items: center;\n  gap: 7px;\n  height: 21px;\n}\n.readout .name {\n  flex: 1;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.readout .away {\n  font-size: 10.5px;\n  color: var(--dim);\n  white-space: nowrap;\n}\n.readout .value {\n  font-variant-numeric: tabular-nums;\n  white-space: nowrap;\n}\n.readout .bad {\n  color: var(--bad);\n  font-weight: 600;\n}\n.legend {\n  flex: none;\n  font-size: 11px;\n  color: var(--dim);\n  font-variant-numeric: tabular-nums;\n}\n.ramp {\n  display: flex;\n  height: 10px;\n  gap: 2px;\n}\n.ramp .bar {\n  flex: 1;\n  min-width: 0;\n  width: 0;\n  height: 10px;\n}\n.ramp .cap {\n  width: 10px;\n  box-shadow: inset 0 0 0 1px rgba(128, 128, 128, 0.35);\n}\n.ends {\n  display: flex;\n  justify-content: space-between;\n  position: relative;\n  margin-top: 2px;\n}\n.ends .inner {\n  position: absolute;\n  transform: translateX(-50%);\n}\n.chips {\n  display: flex;\n  flex-wrap: wrap;\n  gap: 3px 12px;\n  margin-top: 6px;\n}\n.chip {\n  display: inline-flex;\n  align-items: center;\n  gap: 5px;\n  white-space: nowrap;\n}\n.chip i {\n  width: 12px;\n  height: 10px;\n  box-shadow: inset 0 0 0 1px rgba(128, 128, 128, 0.35);\n}\n.hatched {\n  background-image: repeating-linear-gradient(135deg, rgba(255, 255, 255, 0.65) 0 1px, transparent 1px 4px);\n}\n.dotted {\n  background-image: radial-gradient(circle, var(--dots) 1px, transparent 1.2px);\n  background-size: 4px 4px;\n}\n\n.tooltip {\n  position: fixed;\n  z-index: 40;\n  left: 0;\n  top: 0;\n  max-width: 340px;\n  padding: 8px 11px;\n  border-radius: 7px;\n  pointer-events: none;\n  background: var(--panel);\n  border: 1px solid var(--line);\n  box-shadow: var(--shadow);\n  font-size: 12px;\n  line-height: 1.5;\n}\n.tooltip .where {\n  display: flex;\n  align-items: center;\n  gap: 7px;\n}\n.tooltip .where i {\n  width: 9px;\n  height: 9px;\n  border-radius: 2px;\n  flex: none;\n}\n.tooltip .where b {\n  font-weight: 600;\n  overflow: hidden;\n  text-overflow: ellipsis;\n  white-space: nowrap;\n}\n.tooltip .where span {\n  margin-left: auto;\n  padding-left: 12px;\n  color: var(--dim);\n  white-space: nowrap;\n  font-variant-numeric: tabular-nums;\n}\n.tooltip .what {\n  overflow-wrap: anywhere;\n}\n.tooltip .value {\n  font-size: 15px;\n  font-weight: 600;\n  font-variant-numeric: tabular-nums;\n}\n.tooltip .state {\n  color: var(--dim);\n}\n.tooltip .state.nonfinite {\n  color: var(--bad);\n}\n.tooltip .dim {\n  font-size: 11px;\n}\n\n.waiting,\n.notice {\n  display: grid;\n  place-content: center;\n  height: 100%;\n  text-align: center;\n  color: var(--dim);\n}\n.notice b {\n  color: var(--text);\n  font-size: 15px;\n}\n.notice.inside {\n  position: absolute;\n  left: 0;\n  right: 0;\n  top: 40px;\n  height: auto;\n}\n.failure {\n  display: flex;\n  gap: 14px;\n  align-items: center;\n  margin: 12px 16px;\n  padding: 10px 14px;\n  border: 1px solid var(--crit);\n  border-left-width: 4px;\n  border-radius: 6px;\n  background: var(--panel);\n}\n.failure > div {\n  flex: 1;\n  min-width: 0;\n}\n.failure p {\n  color: var(--dim);\n  overflow-wrap: anywhere;\n  font-size: 12px;\n}\n.failure.whole {\n  display: block;\n}\n.failure pre {\n  white-space: pre-wrap;\n  font-size: 12px;\n}\n.side .failure {\n  flex-direction: column;\n  align-items: flex-start;\n}\n.panel-empty {\n  width: min(640px, 100% - 32px);\n  margin: 6vh auto auto;\n  display: flex;\n  flex-direction: column;\n  gap: 10px;\n}\n.panel-empty > h2 {\n  font-size: 17px;\n  font-weight: 500;\n  letter-spacing: 0;\n  text-transform: none;\n  color: var(--text);\n}\n.panel-empty p {\n  color: var(--dim);\n}\n.empty {\n  max-width: 660px;\n  margin: 0 auto;\n  padding: max(24px, 8vh) 24px 24px;\n  height: 100%;\n  overflow: auto;\n  display: flex;\n  flex-direction: column;\n  gap: 12px;\n}\n.empty h1 {\n  font-size: 22px;\n  font-weight: 500;\n  margin-top: 8px;\n}\n.empty p {\n  color: var(--dim);\n}\n.code {\n  position: relative;\n}\n.code pre {\n  margin: 0;\n  padding: 9px 84px 9px 14px;\n  border: 1px solid var(--line);\n  border-radius: 8px;\n  background: var(--side);\n  font:\n    12.5px / 1.6 ui-monospace,\n    "Roboto Mono",\n    Menlo,\n    Consolas,\n    monospace;\n  overflow: auto;\n}\n.code h2 {\n  margin-bottom: 5px;\n  letter-spacing: 0;\n  text-transform: none;\n  font-size: 12px;\n}\n.code .button {\n  position: absolute;\n  top: 29px;\n  right: 6px;\n}\n';
function exposeForTests(store, answers) {
  const find2 = (run, row, step) => {
    const grid = store.gridOf.value.get(run);
    const canvas = document.querySelector(
      `canvas[data-testid="heatmap-${CSS.escape(run)}"]`
    );
    const lines = store.lines.value;
    const known2 = lines.some(({ key }) => key === row) || store.union.value.rows.some(({ name }) => name === row);
    if (!grid || !canvas || !known2) return null;
    const line = lineOf(lines, store.union.value.rows, row);
    const at = cellAt(grid, step);
    return line < 0 || at < 0 ? null : { grid, canvas, line, at };
  };
  const rect = (run, row, step) => {
    const found = find2(run, row, step);
    if (!found) return null;
    const { grid, canvas, line, at } = found;
    const box = canvas.getBoundingClientRect();
    const pixels = gridPixels(grid, store.domain.value, canvas.width);
    const perPixel = box.width / canvas.width;
    const tops = store.flow.tops.value;
    const tree = document.querySelector(".tree").getBoundingClientRect();
    const x2 = box.left + pixels[2 * at] * perPixel;
    return {
      x: x2,
      y: tree.top + tops[line],
      width: (pixels[2 * at + 1] - pixels[2 * at]) * perPixel,
      height: tops[line + 1] - tops[line]
    };
  };
  const drawn2 = (run, row, step) => {
    const found = find2(run, row, step);
    const box = rect(run, row, step);
    if (!found || !box) return null;
    const { canvas } = found;
    const own = canvas.getBoundingClientRect();
    const sx = canvas.width / own.width;
    const sy = canvas.height / own.height;
    const x2 = Math.round((box.x - own.left) * sx);
    const y2 = Math.ceil((box.y - own.top) * sy);
    const w2 = Math.max(1, Math.round(box.width * sx));
    const h2 = Math.max(1, Math.floor(box.height * sy) - 1);
    const copy = document.createElement("canvas");
    copy.width = w2;
    copy.height = h2;
    const g2 = copy.getContext("2d", { willReadFrequently: true });
    g2.drawImage(canvas, x2, y2, w2, h2, 0, 0, w2, h2);
    const data = g2.getImageData(0, 0, w2, h2).data;
    const counts = /* @__PURE__ */ new Map();
    for (let i2 = 0; i2 < data.length; i2 += 4) {
      const key = data[i2 + 3] === 0 ? "" : `${data[i2]},${data[i2 + 1]},${data[i2 + 2]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const [best] = [...counts].sort((a2, b2) => b2[1] - a2[1])[0];
    return best === "" ? null : best.split(",").map(Number);
  };
  const cellState = (run, row, step) => {
    const found = find2(run, row, step);
    if (!found) return null;
    const { grid, line, at } = found;
    const index = line * grid.steps.length + at;
    const { scale } = store.flow.mapOf.value.get(run);
    const state = grid.states[index];
    const value = grid.values[index];
    const rgb = colourOf(state, value, scale, palette(scale.diverging, store.dark.value));
    return {
      value,
      state: labelOf(state, value, scale),
      rgb,
      drawn: drawn2(run, row, step),
      step: cellStep(grid, line, at),
      compared: grid.match ? { at: grid.match.at[at], far: grid.match.far[at] === 1, reference: store.ref.value } : null
    };
  };
  const api = {
    state: () => ({
      ...store.state(),
      shown: store.shown.value,
      reference: store.ref.value,
      kind: store.kind.value,
      statistic: store.statistic.value,
      role: store.role.value,
      scale: store.scale.value,
      step: store.step.value,
      row: store.lines.value[store.line.value]?.key ?? null,
      lines: store.lines.value.map(({ key, type }) => ({ key, type })),
      loading: store.loading.value || store.runs.value === null || answers.pending > 0,
      panelKeys: store.panelKeys(),
      dark: store.dark.value,
      compared: store.flow.compared.value,
      zoom: store.flow.zoom.value,
      domain: store.domain.value
    }),
    cellRect: rect,
    cellState
  };
  Object.defineProperty(window, "__nnviz", { value: Object.freeze(api), configurable: true });
}
const AnswersContext = X(null);
function useAnswers() {
  const answers = x$1(AnswersContext);
  if (!answers) throw new Error("missing answers: no provider above this view");
  return answers;
}
function useAnswer(route, body, read2) {
  const answers = useAnswers();
  const generation = answers.generation.value;
  const key = body === null ? null : `${route} ${JSON.stringify(body)}`;
  const [attempt, setAttempt] = d$1(0);
  const [, redraw] = d$1(0);
  const came = A$1(null);
  const failed = A$1(null);
  const hand = body === null ? null : answers.peek(route, body);
  if (key !== null && hand !== null && came.current?.header !== hand) {
    came.current = { key, header: hand, data: read2(hand) };
    failed.current = null;
  }
  const wanted = T$1(() => body, [key]);
  h$2(() => {
    if (wanted === null || key === null) return;
    const abort = new AbortController();
    answers.ask(route, wanted, abort.signal).then(
      (header) => {
        if (abort.signal.aborted) return;
        if (came.current?.header !== header) came.current = { key, header, data: read2(header) };
        failed.current = null;
        redraw((n2) => n2 + 1);
      },
      (error2) => {
        if (abort.signal.aborted) return;
        failed.current = { key, message: error2 instanceof Error ? error2.message : String(error2) };
        redraw((n2) => n2 + 1);
      }
    );
    return () => abort.abort();
  }, [key, generation, attempt]);
  const data = key !== null && came.current?.key === key ? came.current.data : null;
  const error = failed.current && failed.current.key === key ? failed.current.message : null;
  return {
    data,
    last: came.current?.data ?? null,
    error,
    loading: key !== null && data === null && error === null,
    retry: () => {
      failed.current = null;
      setAttempt((n2) => n2 + 1);
    }
  };
}
const StoreContext = X(null);
function useStore() {
  const store = x$1(StoreContext);
  if (!store) throw new Error("missing store: no provider above this view");
  return store;
}
function useSize() {
  const ref = A$1(null);
  const [size, setSize] = d$1({ width: 0, height: 0 });
  _$1(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      if (height > 0)
        setSize((old) => old.width === width && old.height === height ? old : { width, height });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, ...size };
}
function Empty() {
  return /* @__PURE__ */ u$2("div", { class: "empty", "data-testid": "empty-state", children: [
    /* @__PURE__ */ u$2(EmptyPicture, {}),
    /* @__PURE__ */ u$2("h1", { children: TEXT.emptyTitle }),
    /* @__PURE__ */ u$2("p", { children: TEXT.emptyHelp }),
    EMPTY_STEPS.map(({ title, code }) => /* @__PURE__ */ u$2(Code, { title, code }, title)),
    /* @__PURE__ */ u$2("p", { class: "dim", children: TEXT.emptyReload })
  ] });
}
function Code({ title, code }) {
  const [copied, setCopied] = d$1(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(code);
      setCopied(true);
      setTimeout(() => setCopied(false), 2e3);
    } catch {
    }
  };
  return /* @__PURE__ */ u$2("div", { class: "code", children: [
    /* @__PURE__ */ u$2("h2", { children: title }),
    /* @__PURE__ */ u$2("button", { type: "button", class: "button", onClick: copy, children: copied ? TEXT.copied : TEXT.copy }),
    /* @__PURE__ */ u$2("pre", { children: code })
  ] });
}
function EmptyPicture() {
  const colours = ["#fde725", "#7ad151", "#22a884", "#2a788e", "#414487", "#440154"];
  return /* @__PURE__ */ u$2("svg", { width: "132", height: "72", viewBox: "0 0 132 72", "aria-hidden": "true", children: colours.flatMap(
    (_2, row) => Array.from({ length: 11 }, (_22, column) => {
      const at = Math.min(
        5,
        Math.max(0, Math.round(5 - row - (column * 7 + row * 3) % 5 / 4 + column / 6))
      );
      return /* @__PURE__ */ u$2(
        "rect",
        {
          x: column * 12,
          y: row * 12,
          width: "11",
          height: "11",
          rx: "2",
          fill: colours[at],
          opacity: 0.35 + column * 0.06
        },
        `${row}/${column}`
      );
    })
  ) });
}
function Failure({ what, message: message2, retry }) {
  return /* @__PURE__ */ u$2("div", { class: "failure", role: "alert", "data-testid": "error", children: [
    /* @__PURE__ */ u$2("div", { children: [
      /* @__PURE__ */ u$2("b", { children: TEXT.failed(what) }),
      /* @__PURE__ */ u$2("p", { children: message2 })
    ] }),
    /* @__PURE__ */ u$2("button", { type: "button", class: "button", onClick: retry, children: TEXT.retry })
  ] });
}
const SHAPES = ["circle", "square", "triangle", "diamond", "down", "plus"];
const shapeOf = (order) => SHAPES[order % SHAPES.length];
const CORNERS = {
  circle: [],
  square: [
    [-0.86, -0.86],
    [0.86, -0.86],
    [0.86, 0.86],
    [-0.86, 0.86]
  ],
  triangle: [
    [0, -1.15],
    [1.1, 0.8],
    [-1.1, 0.8]
  ],
  diamond: [
    [0, -1.25],
    [1.25, 0],
    [0, 1.25],
    [-1.25, 0]
  ],
  down: [
    [0, 1.15],
    [1.1, -0.8],
    [-1.1, -0.8]
  ],
  plus: [
    [-0.4, -1.2],
    [0.4, -1.2],
    [0.4, -0.4],
    [1.2, -0.4],
    [1.2, 0.4],
    [0.4, 0.4],
    [0.4, 1.2],
    [-0.4, 1.2],
    [-0.4, 0.4],
    [-1.2, 0.4],
    [-1.2, -0.4],
    [-0.4, -0.4]
  ]
};
function tracePath(g2, shape, x2, y2, radius) {
  g2.beginPath();
  if (shape === "circle") g2.arc(x2, y2, radius, 0, 2 * Math.PI);
  CORNERS[shape].forEach(([dx, dy], i2) => {
    if (i2 === 0) g2.moveTo(x2 + dx * radius, y2 + dy * radius);
    else g2.lineTo(x2 + dx * radius, y2 + dy * radius);
  });
  g2.closePath();
}
function svgPath(shape) {
  if (shape === "circle") return "M6 1.4a4.6 4.6 0 1 0 0 9.2a4.6 4.6 0 1 0 0-9.2z";
  return `M${CORNERS[shape].map(([x2, y2]) => `${(6 + x2 * 4.4).toFixed(2)} ${(6 + y2 * 4.4).toFixed(2)}`).join("L")}z`;
}
function cross(g2, x2, y2, radius) {
  g2.beginPath();
  g2.moveTo(x2 - radius, y2 - radius);
  g2.lineTo(x2 + radius, y2 + radius);
  g2.moveTo(x2 + radius, y2 - radius);
  g2.lineTo(x2 - radius, y2 + radius);
  g2.stroke();
}
const SHORT_FROM = 1e-3;
const SHORT_TO = 1e5;
function short(value) {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Inf" : "-Inf";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= SHORT_FROM && size < SHORT_TO) {
    const text = size >= 1e3 ? String(Math.round(value)) : value.toPrecision(3);
    return text.includes("e") ? String(Number(text)) : text;
  }
  return value.toExponential(2).replace("e+", "e");
}
function exact(value) {
  if (!Number.isFinite(value)) return short(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return tidy(Number(text));
  }
  return tidy(value);
}
function tidy(value) {
  const size = Math.abs(value);
  if (value === 0 || size >= 1e-4 && size < 1e7) return String(value);
  return value.toExponential().replace("e+", "e");
}
function tick(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (size >= 0.01 && size < 1e4) return String(Number(value.toPrecision(6)));
  return Number(value.toPrecision(3)).toExponential().replace("e+", "e");
}
function factor(decades) {
  if (Number.isNaN(decades)) return "NaN";
  if (!Number.isFinite(decades)) return decades < 0 ? "×0" : "×Inf";
  const size = Math.abs(decades);
  if (size < 5e-7) return "1";
  if (size >= 3.9999 && Math.abs(size - Math.round(size)) < 1e-9)
    return `${decades < 0 ? "÷" : "×"}1e${Math.round(size)}`;
  const text = size < 300 ? short(10 ** size) : `1e${Math.round(size)}`;
  return `${decades < 0 ? "÷" : "×"}${tidied(text)}`;
}
const tidied = (text) => text.replace(/(\.\d*?)0+(?=e|$)/, "$1").replace(/\.(?=e|$)/, "");
const tickOf = (scale, value) => scale.factor ? factor(value) : tick(value);
function quantity(count) {
  for (const [size, unit] of [
    [1e9, "B"],
    [1e6, "M"],
    [1e3, "k"]
  ]) {
    if (count >= size) {
      const scaled = count / size;
      return `${scaled >= 100 ? Math.round(scaled) : Number(scaled.toFixed(1))}${unit}`;
    }
  }
  return String(count);
}
function metric(name, value) {
  if (/acc/.test(name) && value >= 0 && value <= 1) return `${(100 * value).toFixed(1)}%`;
  return short(value);
}
function parseNumber(text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}
const KEPT = 1e3;
function overheadOf(steps, wallTimes, values) {
  const n2 = steps.length;
  if (n2 < 3) return null;
  const wall = wallTimes[n2 - 1] - wallTimes[0];
  let sum = 0;
  let gap = Number.POSITIVE_INFINITY;
  for (let i2 = 1; i2 < n2; i2++) {
    sum += values[i2];
    gap = Math.min(gap, steps[i2] - steps[i2 - 1]);
  }
  if (!(wall > 0) || !Number.isFinite(sum)) return null;
  const sampled = n2 >= KEPT;
  const after = sampled ? Math.round((steps[n2 - 1] - steps[0]) / gap) : n2 - 1;
  const seconds = sum / (n2 - 1);
  return { share: seconds * after / wall, seconds, steps: after + 1, sampled };
}
const MOST_RUNS = 500;
const read = (header) => header;
function useFindingsOf(runs) {
  const store = useStore();
  const names = store.names.value;
  const shown2 = store.shown.value;
  const { data, last, error, retry } = useAnswer(
    "findings",
    runs && { runs: runs.slice(0, MOST_RUNS) },
    read
  );
  const known2 = runs === null ? null : data ?? last;
  const listed = store.runs.value;
  const asked2 = runs?.join("\n");
  const groups = T$1(() => {
    const steps = new Map((listed ?? []).map(({ run, steps: steps2 }) => [run, steps2]));
    const order = (run) => shown2.includes(run) ? shown2.indexOf(run) : shown2.length + names.indexOf(run);
    const there = (known2?.findings ?? []).filter(({ run }) => runs?.includes(run) && steps.has(run));
    return groupFindings(there, (run) => steps.get(run) ?? 0, order);
  }, [known2, listed, asked2, shown2.join("\n")]);
  return { groups, header: known2, known: known2 !== null, error, retry };
}
function useFindings() {
  const store = useStore();
  return useFindingsOf(store.runs.value === null ? null : store.shown.value);
}
function useOtherFindings(header, asked2) {
  const store = useStore();
  const shown2 = store.shown.value;
  const holding = new Set(header?.others ?? []);
  const runs = store.names.value.filter((run) => holding.has(run) && !shown2.includes(run));
  return { runs, ...useFindingsOf(asked2 && runs.length > 0 ? runs : null) };
}
function roleShowing(store, name) {
  const known2 = store.union.value.rows.find((row) => row.name === name)?.role;
  return known2 === "weight" || known2 === void 0 && name.endsWith(".weight") ? null : "all";
}
function showFinding(store, { run, chief }) {
  store.jump(() => {
    if (!store.selected.value.includes(run)) store.toggleRun(run);
    store.view.panel.value = null;
    store.choose(chief.kind, chief.statistic);
    store.view.role.value = roleShowing(store, chief.row);
    store.view.rowFilter.value = "";
    store.view.row.value = chief.row;
    store.zoomTo(null);
    store.view.step.value = chief.since;
  });
}
const PATHS = {
  open: "M3 3.5h10M3 8h10M3 12.5h10",
  close: "M9.5 4L5.5 8l4 4",
  collapse: "M5 9.5L8 6.5l3 3M3 13h10M3 3h10",
  expand: "M5 6.5L8 9.5l3-3M3 13h10M3 3h10"
};
function Icon({ name }) {
  return /* @__PURE__ */ u$2(
    "svg",
    {
      width: "16",
      height: "16",
      viewBox: "0 0 16 16",
      fill: "none",
      stroke: "currentColor",
      "stroke-width": "1.5",
      "aria-hidden": "true",
      children: /* @__PURE__ */ u$2("path", { d: PATHS[name], "stroke-linecap": "round", "stroke-linejoin": "round" })
    }
  );
}
function Mark({ colour, shape, hollow = false }) {
  return /* @__PURE__ */ u$2("svg", { class: "mark", width: "12", height: "12", viewBox: "0 0 12 12", "aria-hidden": "true", children: /* @__PURE__ */ u$2(
    "path",
    {
      d: svgPath(shape),
      fill: hollow ? "none" : colour,
      stroke: colour,
      "stroke-width": "1.5",
      "stroke-linejoin": "round"
    }
  ) });
}
const PATIENCE_MS = 1e3;
const T = TEXT.health;
const MOST_NAMED = 12;
function Health({ settled }) {
  const store = useStore();
  const { groups: own, header, known: known2, error, retry } = useFindings();
  const all = store.key("health.all");
  const wanted = all.value !== null;
  const others = useOtherFindings(header, wanted);
  const groups = wanted ? byRank([...own, ...others.groups]) : own;
  const missing = [...header?.missing ?? [], ...wanted ? others.header?.missing ?? [] : []];
  const loading = !known2 && error === null;
  h$2(() => {
    if (!loading) settled();
    const timer = setTimeout(settled, PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [loading]);
  useOverheads();
  const [open, setOpen] = d$1(true);
  if (error !== null && !known2) {
    return /* @__PURE__ */ u$2("div", { class: "health failed", role: "alert", "data-testid": "health-error", children: [
      /* @__PURE__ */ u$2("span", { children: TEXT.failed(T.what) }),
      " ",
      /* @__PURE__ */ u$2("span", { class: "dim", children: error }),
      /* @__PURE__ */ u$2("button", { type: "button", class: "button", onClick: retry, children: TEXT.retry })
    ] });
  }
  if (groups.length === 0 && missing.length === 0 && others.runs.length === 0) return null;
  const name = open ? T.hide : T.show;
  const low = !open || groups.length === 0;
  return /* @__PURE__ */ u$2("section", { class: low ? "health folded" : "health", "aria-label": T.title, "data-testid": "health", children: [
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "fold",
        "aria-expanded": open,
        title: name,
        "data-testid": "health-fold",
        onClick: () => setOpen(!open),
        children: [
          /* @__PURE__ */ u$2("span", { "aria-hidden": "true", children: open ? "▾" : "▸" }),
          " ",
          /* @__PURE__ */ u$2("b", { children: T.title }),
          " ",
          /* @__PURE__ */ u$2("span", { class: "dim", children: groups.length })
        ]
      }
    ),
    open ? /* @__PURE__ */ u$2("ul", { class: "cards", children: groups.map((group) => /* @__PURE__ */ u$2(Card, { group }, `${group.run} ${group.rule} ${group.since}`)) }) : /* @__PURE__ */ u$2("span", { class: "summary", children: summary(groups) }),
    others.runs.length > 0 && /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "others",
        "aria-pressed": wanted,
        "aria-busy": wanted && !others.known && others.error === null,
        title: others.error ?? T.othersTitle(others.runs.slice(0, MOST_NAMED), others.runs.length),
        "data-testid": "health-others",
        onClick: () => {
          if (others.error !== null) others.retry();
          else all.value = wanted ? null : "1";
        },
        children: others.error !== null ? `${TEXT.failed(T.what)}. ${TEXT.retry}` : wanted ? T.onlyShown : T.others(others.runs.length)
      }
    ),
    missing.length > 0 && /* @__PURE__ */ u$2("span", { class: "dim unread", title: missing.map((one) => `${one.run}: ${one.reason}`).join("\n"), children: T.unread(missing.length) }),
    /* @__PURE__ */ u$2(Cost, {})
  ] });
}
const summary = (groups) => groups.map(({ title, run }) => T.inRun(title, run)).join(" · ");
function Card({ group }) {
  const store = useStore();
  const { run, chief, findings, severity, title } = group;
  const layer = layerOf(chief);
  const where = findings.length === 1 ? T.one(layer, chief.since) : T.many(findings.length, layer, chief.since);
  const how = chief.value === null ? T.nonfinite : T.norm(short(chief.value), chief.step);
  const worst = [...findings].slice(0, 8).map((one) => `${layerOf(one)}: ${one.evidence}`);
  const more = findings.length > worst.length ? [T.more(findings.length - worst.length)] : [];
  const advice = findings.find((one) => one.title === title)?.advice ?? chief.advice;
  return /* @__PURE__ */ u$2("li", { class: `card ${severity}`, "data-testid": "finding", "data-run": run, "data-rule": group.rule, children: /* @__PURE__ */ u$2(
    "button",
    {
      type: "button",
      title: [...worst, ...more, "", advice].join("\n"),
      "aria-label": [T.severity[severity], title, run, where, how, advice, T.showIt].join(". "),
      onClick: () => showFinding(store, group),
      children: [
        /* @__PURE__ */ u$2("span", { class: "first", children: [
          /* @__PURE__ */ u$2(Mark, { colour: store.colour(run), shape: shapeOf(store.order.value.get(run) ?? 0) }),
          /* @__PURE__ */ u$2("b", { children: title }),
          /* @__PURE__ */ u$2("span", { class: "severity", children: T.severity[severity] }),
          /* @__PURE__ */ u$2("span", { class: "go", children: T.showIt })
        ] }),
        /* @__PURE__ */ u$2("span", { class: "second", children: [
          store.shortNames.value.get(run) ?? run,
          " · ",
          where,
          " · ",
          how
        ] })
      ]
    }
  ) });
}
function Cost() {
  const store = useStore();
  const shown2 = store.shown.value.flatMap((run) => {
    const overhead = store.overheads.value.get(run);
    return overhead ? [{ run, overhead }] : [];
  });
  if (shown2.length === 0) return null;
  const shares = shown2.map(({ overhead }) => overhead.share);
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map(percent);
  const lines = shown2.map(({ run, overhead }) => `${run}: ${costOf(overhead)}`);
  return /* @__PURE__ */ u$2("span", { class: "cost dim", title: [...lines, "", T.costHelp].join("\n"), "data-testid": "cost", children: [
    T.cost,
    " ",
    /* @__PURE__ */ u$2("b", { children: low === high ? low : T.range(low, high) })
  ] });
}
const percent = (share) => `${share < 0.0995 ? (100 * share).toFixed(1) : Math.round(100 * share)} %`;
const costOf = ({ share, seconds, steps, sampled }) => T.costOf(percent(share), short(1e3 * seconds), exact(steps), sampled);
const TAG = "nnviz/global/overhead_seconds";
const readCost = (header) => {
  const result = /* @__PURE__ */ new Map();
  for (const { run, steps, wall_times, values } of header.series) {
    const one = overheadOf(steps, wall_times, values);
    if (one) result.set(run, one);
  }
  return result;
};
function useOverheads() {
  const store = useStore();
  const runs = store.shown.value;
  const body = runs.length > 0 ? { runs, tags: [TAG], prefix: "nnviz/", last: false } : null;
  const { data } = useAnswer("scalars", body, readCost);
  h$2(() => {
    if (data) store.overheads.value = data;
  }, [data]);
}
function useCourse(course) {
  const store = useStore();
  h$2(() => {
    store.course.value = course;
    return () => {
      if (store.course.peek() === course) store.course.value = null;
    };
  }, [store, course]);
}
const isField = (target) => target instanceof HTMLElement && (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) || target.isContentEditable);
function useKeys(panels) {
  const store = useStore();
  h$2(() => {
    const pressed = (event) => {
      if (event.key === "Escape" && store.keysListed.value) {
        store.keysListed.value = false;
        return;
      }
      const { key } = event;
      if (key === "Escape" && isField(event.target)) event.target.blur();
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) {
        return;
      }
      const course = store.course.value;
      const far = event.shiftKey ? 10 : 1;
      const acts = {
        ArrowLeft: course ? () => course.moveStep(-far) : void 0,
        ArrowRight: course ? () => course.moveStep(far) : void 0,
        Home: course ? () => course.moveStep(Number.NEGATIVE_INFINITY) : void 0,
        End: course ? () => course.moveStep(Number.POSITIVE_INFINITY) : void 0,
        ArrowUp: course?.moveLayer && (() => course.moveLayer?.(-1)),
        ArrowDown: course?.moveLayer && (() => course.moveLayer?.(1)),
        k: course?.moveLayer && (() => course.moveLayer?.(-1)),
        j: course?.moveLayer && (() => course.moveLayer?.(1)),
        "/": () => document.querySelector('[data-testid="row-filter"]')?.focus(),
        "?": () => {
          store.keysListed.value = !store.keysListed.value;
        }
      };
      const panel = /^[1-9]$/.test(key) ? panels[Number(key) - 1] : void 0;
      const act = panel ? () => {
        store.view.panel.value = panel.id;
      } : acts[key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [store, panels]);
}
function KeyButton() {
  const store = useStore();
  return /* @__PURE__ */ u$2(
    "button",
    {
      type: "button",
      class: "icon key-button",
      title: TEXT.keys.open,
      "aria-label": TEXT.keys.open,
      "aria-expanded": store.keysListed.value,
      "data-testid": "keys-button",
      onClick: () => {
        store.keysListed.value = !store.keysListed.value;
      },
      children: /* @__PURE__ */ u$2("svg", { width: "18", height: "16", viewBox: "0 0 18 16", fill: "none", stroke: "currentColor", "aria-hidden": "true", children: [
        /* @__PURE__ */ u$2("rect", { x: "1", y: "3", width: "16", height: "10", rx: "2", "stroke-width": "1.3" }),
        /* @__PURE__ */ u$2(
          "path",
          {
            d: "M4 6h1M7 6h1M10 6h1M13 6h1M4 8.2h1M7 8.2h1M10 8.2h1M13 8.2h1M6 10.6h6",
            "stroke-width": "1.2",
            "stroke-linecap": "round"
          }
        )
      ] })
    }
  );
}
function KeyHelp() {
  const store = useStore();
  const box = A$1(null);
  const open = store.keysListed.value;
  h$2(() => {
    if (!open) return;
    const before = document.activeElement;
    box.current?.querySelector("button")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
  if (!open) return null;
  const close = () => {
    store.keysListed.value = false;
  };
  return /* @__PURE__ */ u$2("div", { class: "veil", onClick: (event) => event.target === event.currentTarget && close(), children: /* @__PURE__ */ u$2(
    "div",
    {
      class: "keys",
      role: "dialog",
      "aria-modal": "true",
      "aria-label": TEXT.keys.title,
      "data-testid": "keys",
      ref: box,
      onKeyDown: (event) => {
        if (event.key === "Tab") event.preventDefault();
      },
      children: [
        /* @__PURE__ */ u$2("h2", { children: TEXT.keys.title }),
        /* @__PURE__ */ u$2("dl", { children: TEXT.keys.list.map(({ keys, what }) => /* @__PURE__ */ u$2("div", { children: [
          /* @__PURE__ */ u$2("dt", { children: keys.map((key) => /* @__PURE__ */ u$2("kbd", { children: key }, key)) }),
          /* @__PURE__ */ u$2("dd", { children: what })
        ] }, what)) }),
        /* @__PURE__ */ u$2("button", { type: "button", class: "button", onClick: close, children: TEXT.keys.close })
      ]
    }
  ) });
}
const loaded = /* @__PURE__ */ new Map();
function keep(id, module) {
  if (loaded.has(id)) return;
  const sheet = document.createElement("style");
  sheet.dataset.panel = id;
  sheet.textContent = module.style;
  document.head.append(sheet);
  loaded.set(id, module);
}
function PanelView({ panel, reload }) {
  const [error, setError] = d$1(null);
  const [attempt, setAttempt] = d$1(0);
  const [, redraw] = d$1(0);
  const module = loaded.get(panel.id);
  h$2(() => {
    if (loaded.has(panel.id)) return;
    let current = true;
    panel.load().then(
      (one) => {
        keep(panel.id, one);
        if (current) redraw((n2) => n2 + 1);
      },
      (reason) => {
        const message2 = reason instanceof Error ? reason.message : String(reason);
        if (current) setError({ id: panel.id, message: message2 });
      }
    );
    return () => {
      current = false;
    };
  }, [panel.id, attempt]);
  if (module) return /* @__PURE__ */ u$2(module.View, { reload });
  if (error?.id !== panel.id) return /* @__PURE__ */ u$2("section", { class: "panel", "aria-busy": "true", "aria-label": panel.title });
  const retry = () => {
    setError(null);
    setAttempt(attempt + 1);
  };
  return /* @__PURE__ */ u$2(Failure, { what: TEXT.whatPanel(panel.title), message: error.message, retry });
}
function RunPicker({ fold }) {
  const store = useStore();
  const names = store.names.value;
  const listed = store.listed.items.value;
  const bad = !store.listed.valid.value;
  const metricNames = [...new Set([...store.headlines.value.values()].map(({ name }) => name))];
  return /* @__PURE__ */ u$2(S$1, { children: [
    /* @__PURE__ */ u$2("div", { class: "head", children: [
      /* @__PURE__ */ u$2("h2", { children: TEXT.runs }),
      /* @__PURE__ */ u$2("span", { class: "count", children: TEXT.ofCount(store.selected.value.length, names.length) }),
      /* @__PURE__ */ u$2("button", { type: "button", class: "icon", title: TEXT.hideSide, "aria-label": TEXT.hideSide, onClick: fold, children: /* @__PURE__ */ u$2(Icon, { name: "close" }) })
    ] }),
    /* @__PURE__ */ u$2(
      "input",
      {
        class: bad ? "field bad" : "field",
        type: "search",
        spellcheck: false,
        placeholder: TEXT.runFilter,
        "aria-label": TEXT.runFilterName,
        "aria-invalid": bad,
        title: bad ? TEXT.badFilter : TEXT.runFilterName,
        "data-testid": "run-filter",
        value: store.view.runFilter.value,
        onInput: (event) => {
          store.view.runFilter.value = event.currentTarget.value;
        }
      }
    ),
    bad && /* @__PURE__ */ u$2("p", { class: "complaint", children: TEXT.badFilter }),
    /* @__PURE__ */ u$2("div", { class: "bulk", children: [
      /* @__PURE__ */ u$2("button", { type: "button", title: TEXT.allTitle, onClick: () => store.selectListed(true), children: TEXT.all }),
      /* @__PURE__ */ u$2("button", { type: "button", title: TEXT.noneTitle, onClick: () => store.selectListed(false), children: TEXT.none }),
      /* @__PURE__ */ u$2("span", { class: "metric-name", title: metricNames.join(", "), children: metricNames.slice(0, 2).join(", ") })
    ] }),
    /* @__PURE__ */ u$2(RunList, { runs: listed })
  ] });
}
const LINE$1 = 28;
const BEYOND = 12;
const REST_MS = 150;
function RunList({ runs }) {
  const store = useStore();
  const list = A$1(null);
  const [scrolled, setScrolled] = d$1(0);
  const height = list.current?.clientHeight || window.innerHeight;
  const first = Math.max(0, Math.min(Math.floor(scrolled / LINE$1), runs.length - 1) - BEYOND);
  const end = Math.min(runs.length, Math.ceil((scrolled + height) / LINE$1) + BEYOND);
  const inSight = runs.slice(first, end);
  h$2(() => {
    const timer = setTimeout(() => {
      store.listedInView.value = inSight;
    }, REST_MS);
    return () => clearTimeout(timer);
  }, [runs, first, end]);
  return /* @__PURE__ */ u$2(
    "ul",
    {
      class: "runs",
      ref: list,
      onScroll: (event) => {
        const { scrollTop } = event.currentTarget;
        if (Math.abs(scrollTop - scrolled) >= LINE$1) setScrolled(scrollTop);
      },
      children: [
        first > 0 && /* @__PURE__ */ u$2("li", { "aria-hidden": "true", style: { height: `${first * LINE$1}px` } }),
        inSight.map((run) => /* @__PURE__ */ u$2(RunLine, { run }, run)),
        end < runs.length && /* @__PURE__ */ u$2("li", { "aria-hidden": "true", style: { height: `${(runs.length - end) * LINE$1}px` } }),
        runs.length === 0 && /* @__PURE__ */ u$2("li", { class: "none", children: TEXT.noRunMatches })
      ]
    }
  );
}
function RunLine({ run }) {
  const store = useStore();
  const shown2 = store.selected.value.includes(run);
  const isRef2 = store.ref.value === run;
  const headline = store.headlines.value.get(run);
  const order = store.order.value.get(run) ?? 0;
  const overhead = store.overheads.value.get(run);
  return /* @__PURE__ */ u$2("li", { class: shown2 ? "run" : "run off", "data-testid": `run-${run}`, children: [
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "toggle",
        role: "checkbox",
        "aria-checked": shown2,
        title: overhead ? TEXT.withCost(TEXT.toggleRun(run, shown2), costOf(overhead)) : TEXT.toggleRun(run, shown2),
        onClick: () => store.toggleRun(run),
        children: [
          /* @__PURE__ */ u$2(Mark, { colour: store.colour(run), shape: shapeOf(order), hollow: !shown2 }),
          /* @__PURE__ */ u$2("span", { class: "name", children: run })
        ]
      }
    ),
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: isRef2 ? "pin on" : "pin",
        "aria-pressed": isRef2,
        title: isRef2 ? TEXT.refTitle(run) : TEXT.makeRef(run),
        "aria-label": isRef2 ? TEXT.refTitle(run) : TEXT.makeRef(run),
        onClick: () => store.setRef(run),
        children: TEXT.ref
      }
    ),
    /* @__PURE__ */ u$2("span", { class: "metric", title: headline ? TEXT.metricTitle(headline.name, headline.step) : void 0, children: headline ? metric(headline.name, headline.value) : "" })
  ] });
}
function Tabs({ panels, now }) {
  const store = useStore();
  const root = A$1(null);
  const open = (id) => {
    store.view.panel.value = id;
  };
  const move = (event) => {
    const at = panels.findIndex(({ id }) => id === now);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: panels.length - 1 }[event.key];
    if (to === void 0) return;
    event.preventDefault();
    const next = panels[(to + panels.length) % panels.length].id;
    open(next);
    root.current?.querySelector(`#tab-${next}`)?.focus();
  };
  return /* @__PURE__ */ u$2("div", { class: "tabs", children: [
    /* @__PURE__ */ u$2("div", { role: "tablist", "aria-label": TEXT.panels, ref: root, onKeyDown: move, children: panels.map(({ id, title }) => /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        id: `tab-${id}`,
        role: "tab",
        "aria-selected": id === now,
        "aria-controls": "tab-panel",
        tabIndex: id === now ? 0 : -1,
        "data-testid": `tab-${id}`,
        onClick: () => open(id),
        children: title
      },
      id
    )) }),
    /* @__PURE__ */ u$2(KeyButton, {})
  ] });
}
const BAND = { lo: 0.05, hi: 0.95 };
const known = /* @__PURE__ */ new WeakMap();
function percentileBand(grid, line) {
  let own = known.get(grid);
  if (!own) {
    own = /* @__PURE__ */ new Map();
    known.set(grid, own);
  }
  let band = own.get(line);
  if (band === void 0) {
    band = reckon(grid, line);
    own.set(line, band);
  }
  return band;
}
function reckon(grid, line) {
  if (grid.reduced) return null;
  const n2 = grid.steps.length;
  const own = [];
  let nonfinite = 0;
  for (let at = line * n2; at < (line + 1) * n2; at++) {
    const state = grid.states[at];
    if (state === CELL.value || state === CELL.zero) own.push(grid.values[at]);
    else if (state === CELL.nonfinite) nonfinite += 1;
  }
  if (own.length < 2) return null;
  const sorted = Float64Array.from(own).sort();
  const [lo, hi] = [BAND.lo, BAND.hi].map((share) => between(sorted, share));
  return { line, lo, hi, count: own.length, nonfinite };
}
function between(sorted, share) {
  const below = sorted[Math.floor(share * (sorted.length - 1))];
  return Number.isFinite(below) ? quantile(sorted, share) : below;
}
const MARGIN = 8;
function Tooltip() {
  const store = useStore();
  const ref = A$1(null);
  const note = store.note.value;
  const hover = note ?? store.hover.value;
  _$1(() => {
    const box = ref.current;
    if (!box || !hover) return;
    const { offsetWidth: width, offsetHeight: height } = box;
    const right = hover.x + 14 + width + MARGIN <= window.innerWidth;
    const below = hover.y + 16 + height + MARGIN <= window.innerHeight;
    box.style.left = `${Math.max(MARGIN, right ? hover.x + 14 : hover.x - 14 - width)}px`;
    box.style.top = `${Math.max(MARGIN, below ? hover.y + 16 : hover.y - 12 - height)}px`;
  });
  if (note) {
    return /* @__PURE__ */ u$2("div", { class: "tooltip", role: "tooltip", "data-testid": "tooltip", ref, children: [
      /* @__PURE__ */ u$2(Where, { run: note.run, step: note.step }),
      /* @__PURE__ */ u$2("div", { class: "what", children: note.what }),
      note.value !== "" && /* @__PURE__ */ u$2("div", { class: "value", children: note.value }),
      note.lines.map((line) => /* @__PURE__ */ u$2("div", { class: "state", children: line }, line)),
      note.help !== "" && /* @__PURE__ */ u$2("div", { class: "dim", children: note.help })
    ] });
  }
  return /* @__PURE__ */ u$2(Cell, { hover: store.hover.value, box: ref });
}
function Where({ run, step }) {
  const store = useStore();
  return /* @__PURE__ */ u$2("div", { class: "where", children: [
    /* @__PURE__ */ u$2("i", { style: { background: store.colour(run) } }),
    /* @__PURE__ */ u$2("b", { children: run }),
    /* @__PURE__ */ u$2("span", { children: step })
  ] });
}
function Cell({ hover, box }) {
  const store = useStore();
  if (!hover) return null;
  const drawn2 = store.flow.mapOf.value.get(hover.run);
  const line = store.lines.value[hover.line];
  if (!drawn2 || !line || line.type === "header" || hover.at >= (hover.grid ?? drawn2.grid).steps.length)
    return null;
  const { scale } = drawn2;
  const grid = hover.grid ?? drawn2.grid;
  const own = hover.of ?? hover.line;
  const at = own * grid.steps.length + hover.at;
  const column = columnDetail(grid, own, hover.at);
  const value = grid.values[at];
  const label = labelOf(grid.states[at], value, scale);
  const row = store.rowOf(hover.line);
  const blank = label === "absent" || label === "undefined" || label.startsWith("ref");
  const state = nonfiniteNote(store, grid, hover.line, own, hover.at) ?? stateWords(store, grid, hover, label);
  return /* @__PURE__ */ u$2("div", { class: "tooltip", role: "tooltip", "data-testid": "tooltip", ref: box, children: [
    /* @__PURE__ */ u$2(
      Where,
      {
        run: hover.run,
        step: column ? TEXT.steps(column.from, column.to, column.count) : `${TEXT.step} ${grid.steps[hover.at]}`
      }
    ),
    /* @__PURE__ */ u$2("div", { class: "what", children: row ? row.name : line.key.replace(/\.\*$/, "") }),
    !blank && /* @__PURE__ */ u$2("div", { class: "value", children: scale.factor ? factor(value) : exact(value) }),
    column && !blank && /* @__PURE__ */ u$2(ColumnFigures, { grid, line: own, at: hover.at }),
    state !== "" && /* @__PURE__ */ u$2("div", { class: `state ${label}`, children: state }),
    grid.match && !hover.grid && /* @__PURE__ */ u$2(Sides, { grid, hover }),
    isGain(store.kind.value, store.statistic.value) && /* @__PURE__ */ u$2(Parts, { step: grid.steps[hover.at], hover }),
    hover.banded && /* @__PURE__ */ u$2(Percentiles, { hover }),
    /* @__PURE__ */ u$2("div", { class: "dim", children: row ? `${row.type} [${row.shape.map((n2) => n2 ?? "?").join(" × ")}]${row.numel === null ? "" : ` · ${TEXT.elements(quantity(row.numel))}`}` : TEXT.aggregated(aggregateOf(store.statistic.value), line.rows.length) }),
    row && isOfUnits(store.statistic.value) && /* @__PURE__ */ u$2("div", { class: "dim", children: unitWords(row) })
  ] });
}
function ColumnFigures({ grid, line, at }) {
  const column = columnDetail(grid, line, at);
  if (!column || column.count === 1) return null;
  const { figures } = column;
  if (!figures) return /* @__PURE__ */ u$2("div", { class: "state", children: TEXT.ofColumns });
  return /* @__PURE__ */ u$2("div", { class: "state", "data-testid": "column", children: [
    TEXT.standsAt(cellStep(grid, line, at)),
    !Number.isNaN(figures.min) && ` ${TEXT.columnFigures(short(figures.min), short(figures.mean), short(figures.max))}`
  ] });
}
function stateWords(store, grid, { line, at }, label) {
  if (!grid.match || label !== "zero") return TEXT.state[label];
  if (store.flow.comparison.value === "difference") return TEXT.flow.equal;
  const ref = store.ref.value === null ? void 0 : store.flow.plainOf.value.get(store.ref.value);
  const its = ref && grid.match.at[at] >= 0 ? ref.states[line * ref.steps.length + grid.match.at[at]] : null;
  return its === CELL.zero ? TEXT.flow.bothZero : TEXT.flow.zeroHere;
}
function Sides({ grid, hover }) {
  const store = useStore();
  const ref = store.ref.value;
  const own = store.flow.plainOf.value.get(grid.run);
  const reference = ref === null ? void 0 : store.flow.plainOf.value.get(ref);
  if (!own || !reference || !grid.match) return null;
  const scale = store.flow.plainScale.value;
  const its = grid.match.at[hover.at];
  const far = grid.match.far[hover.at] === 1;
  const side = (of, at, isFar) => /* @__PURE__ */ u$2("tr", { children: [
    /* @__PURE__ */ u$2("td", { children: [
      /* @__PURE__ */ u$2("i", { style: { background: store.colour(of.run) } }),
      at < 0 ? of.run : TEXT.flow.at(of.run, of.steps[at])
    ] }),
    /* @__PURE__ */ u$2("td", { class: isFar ? "is-far" : void 0, children: at < 0 ? TEXT.flow.noRefStep : cellText(of, hover.line, at, scale) })
  ] });
  return /* @__PURE__ */ u$2(S$1, { children: [
    /* @__PURE__ */ u$2("table", { class: "sides", "data-testid": "sides", children: /* @__PURE__ */ u$2("tbody", { children: [
      side(own, hover.at, false),
      side(reference, its, far)
    ] }) }),
    far && /* @__PURE__ */ u$2("div", { class: "state far", children: TEXT.flow.far })
  ] });
}
function cellText(grid, line, at, scale) {
  const cell = line * grid.steps.length + at;
  const label = labelOf(grid.states[cell], grid.values[cell], scale);
  if (label === "absent") return TEXT.absent;
  if (label === "undefined") return TEXT.undefinedFigure;
  return scale.factor ? factor(grid.values[cell]) : exact(grid.values[cell]);
}
function Parts({ step, hover }) {
  const store = useStore();
  const i2 = store.series.value.findIndex(({ run }) => run === hover.run);
  const series = store.series.value[i2];
  const line = store.lines.value[hover.line];
  if (!series || !line) return null;
  const rows = line.rows.map((row) => store.union.value.index[i2][row]);
  const at = series.steps.indexOf(step);
  const parts = at < 0 || series.reduced ? null : gainParts(series, rows, at);
  if (!parts) return null;
  return /* @__PURE__ */ u$2("table", { class: "sides", "data-testid": "gain-parts", children: /* @__PURE__ */ u$2("tbody", { children: [
    /* @__PURE__ */ u$2("tr", { children: [
      /* @__PURE__ */ u$2("td", { children: TEXT.flow.gainIn }),
      /* @__PURE__ */ u$2("td", { children: exact(parts.into) })
    ] }),
    /* @__PURE__ */ u$2("tr", { children: [
      /* @__PURE__ */ u$2("td", { children: TEXT.flow.gainOf(parts.before) }),
      /* @__PURE__ */ u$2("td", { children: exact(parts.out) })
    ] })
  ] }) });
}
function Percentiles({ hover }) {
  const store = useStore();
  const grid = store.grids.value.find(({ run }) => run === hover.run);
  const band = grid && percentileBand(grid, hover.line);
  if (!grid || !band) return null;
  const scale = store.scale.value;
  const say = (value) => scale.factor ? factor(value) : short(value);
  return /* @__PURE__ */ u$2("div", { class: "dim", "data-testid": "percentiles", children: [
    TEXT.flow.bandOf(grid.steps[0], grid.steps[grid.steps.length - 1]),
    ": ",
    say(band.lo),
    " – ",
    say(band.hi),
    band.nonfinite > 0 && `, ${TEXT.flow.bandSkips(band.nonfinite)}`
  ] });
}
function unitWords(row) {
  const axis = row.unit_axis;
  if (axis === void 0 || axis === null) return "";
  const last = row.shape.length > 0 ? row.shape[row.shape.length - 1] : null;
  if (axis === -1 || axis === row.shape.length) {
    const columns = row.shape.length >= 3 ? ` (${TEXT.flow.unitColumns})` : "";
    return `${TEXT.flow.unitLast(last)}${columns}`;
  }
  return axis === 1 ? TEXT.flow.unitChannel(row.shape[0] ?? null) : TEXT.flow.unitAxis(axis);
}
function nonfiniteNote(store, grid, line, own, at) {
  if (grid.states[own * grid.steps.length + at] !== CELL.nonfinite) return null;
  const series = store.nonfinite.value.get(`${store.kind.value}/${grid.run}`);
  const row = store.rowOf(line);
  if (!series || !row) return null;
  const column = series.rows.findIndex(({ name }) => name === row.name);
  const step = series.steps.indexOf(grid.steps[at]);
  if (column < 0 || step < 0) return null;
  const bad = series.values.nonfinite?.[step * series.rows.length + column];
  const all = series.values.count?.[step * series.rows.length + column];
  if (bad === void 0) return null;
  return all === void 0 ? TEXT.nonfiniteCount(exact(bad)) : TEXT.nonfiniteOf(exact(bad), exact(all));
}
const NARROW$1 = 900;
function App({ store, answers, reload }) {
  return /* @__PURE__ */ u$2(Boundary, { children: /* @__PURE__ */ u$2(StoreContext.Provider, { value: store, children: /* @__PURE__ */ u$2(AnswersContext.Provider, { value: answers, children: /* @__PURE__ */ u$2(Page, { reload }) }) }) });
}
function Page({ reload }) {
  const store = useStore();
  const [side, setSide] = useSide();
  useKeys(PANELS);
  const [settled, setSettled] = d$1(false);
  const runs = store.runs.value;
  const error = store.runsError.value;
  if (runs === null) {
    if (error !== null) return /* @__PURE__ */ u$2(Failure, { what: TEXT.whatRuns, message: error, retry: reload });
    return /* @__PURE__ */ u$2("div", { class: "waiting", role: "status", children: TEXT.loading });
  }
  if (runs.length === 0) return /* @__PURE__ */ u$2(Empty, {});
  const panel = panelOf(store.view.panel.value);
  return /* @__PURE__ */ u$2("div", { class: side ? "app" : "app folded", children: [
    side ? /* @__PURE__ */ u$2("aside", { class: "side", "aria-label": TEXT.runs, children: [
      /* @__PURE__ */ u$2(RunPicker, { fold: () => setSide(false) }),
      error !== null && /* @__PURE__ */ u$2(Failure, { what: TEXT.whatRuns, message: error, retry: reload })
    ] }) : /* @__PURE__ */ u$2("div", { class: "rail", children: /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "icon",
        title: TEXT.showSide,
        "aria-label": TEXT.showSide,
        onClick: () => setSide(true),
        children: /* @__PURE__ */ u$2(Icon, { name: "open" })
      }
    ) }),
    /* @__PURE__ */ u$2("main", { class: settled ? "main" : "main settling", children: [
      /* @__PURE__ */ u$2(Health, { settled: () => setSettled(true) }),
      /* @__PURE__ */ u$2(Tabs, { panels: PANELS, now: panel.id }),
      /* @__PURE__ */ u$2("div", { class: "tab-panel", role: "tabpanel", id: "tab-panel", "aria-labelledby": `tab-${panel.id}`, children: /* @__PURE__ */ u$2(PanelView, { panel, reload }) })
    ] }),
    /* @__PURE__ */ u$2(Tooltip, {}),
    /* @__PURE__ */ u$2(KeyHelp, {})
  ] });
}
function useSide() {
  const [chosen, choose2] = d$1(null);
  const [wide, setWide] = d$1(window.innerWidth >= NARROW$1);
  h$2(() => {
    const resized = () => {
      if (window.innerHeight > 0) setWide(window.innerWidth >= NARROW$1);
    };
    window.addEventListener("resize", resized);
    return () => window.removeEventListener("resize", resized);
  }, []);
  return [chosen ?? wide, choose2];
}
class Boundary extends C$1 {
  state = { error: null };
  static getDerivedStateFromError(error) {
    return { error };
  }
  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return /* @__PURE__ */ u$2("div", { class: "failure whole", role: "alert", "data-testid": "error", children: [
      /* @__PURE__ */ u$2("b", { children: TEXT.renderFailed }),
      /* @__PURE__ */ u$2("pre", { children: error.stack ?? error.message })
    ] });
  }
}
function start(body) {
  const host = new Host();
  const store = new Store();
  const source = new HttpSource();
  const loader = new Loader(
    store,
    source,
    () => host.isHidden(),
    () => window.innerWidth * window.devicePixelRatio
  );
  const answers = new Answers(source, () => host.isHidden());
  const reload = () => {
    answers.reload();
    void loader.reload();
  };
  const sheet = document.createElement("style");
  sheet.textContent = style;
  document.head.append(sheet);
  let written = "";
  let place2 = "";
  const read2 = () => {
    const keys = readHash(host.readHash(), host.prefix);
    written = JSON.stringify(keys);
    place2 = placeOf(keys);
    r(() => {
      store.setState(decodeState(keys));
      store.setPanelKeys(panelKeys(keys));
    });
  };
  const write = () => {
    const keys = { ...encodeState(store.state()), ...store.panelKeys() };
    const next = placeOf(keys);
    written = JSON.stringify(keys);
    host.writeHash(writeHash(host.readHash(), host.prefix, keys), next !== place2 || store.jumping);
    place2 = next;
  };
  const setDark = (dark) => {
    store.dark.value = dark;
    document.documentElement.classList.toggle("dark", dark);
  };
  setDark(host.isDark());
  read2();
  x(write);
  host.connect({
    reloaded: reload,
    darkChanged: setDark,
    shown: () => {
      write();
      host.takeFocus();
      answers.shown();
      void loader.shown();
    },
    // Someone opened another link in the same page. Other tabs' addresses do not speak of us.
    hashChanged: () => {
      const keys = readHash(host.readHash(), host.prefix);
      if (Object.keys(keys).length > 0 && JSON.stringify(keys) !== written) read2();
    },
    wentBack: read2
  });
  panelOf(store.view.panel.value).load().catch(() => {
  });
  void loader.reload();
  const root = document.createElement("div");
  root.id = "nnviz";
  body.append(root);
  R(/* @__PURE__ */ u$2(App, { store, answers, reload }), root);
  host.takeFocus();
  exposeForTests(store, answers);
}
function StatisticSelect() {
  const store = useStore();
  return /* @__PURE__ */ u$2(
    "select",
    {
      class: "button strong",
      "aria-label": TEXT.statistic,
      "data-testid": "statistic-select",
      value: `${store.kind.value}/${store.statistic.value}`,
      onChange: (event) => {
        const value = event.currentTarget.value;
        const at = value.indexOf("/");
        store.choose(value.slice(0, at), value.slice(at + 1));
      },
      children: store.statistics.value.map(({ kind, names }) => /* @__PURE__ */ u$2("optgroup", { label: kindName(kind), children: names.map((name) => /* @__PURE__ */ u$2("option", { value: `${kind}/${name}`, children: statisticName(kind, name) }, name)) }, kind))
    }
  );
}
function RoleSelect() {
  const store = useStore();
  const roles = store.roles.value;
  if (roles.length === 0) return null;
  return /* @__PURE__ */ u$2("label", { class: "of", children: [
    /* @__PURE__ */ u$2("span", { children: TEXT.of }),
    /* @__PURE__ */ u$2(
      "select",
      {
        class: "button strong",
        "aria-label": TEXT.role,
        "data-testid": "role-select",
        value: store.role.value,
        onChange: (event) => {
          store.view.role.value = event.currentTarget.value;
        },
        children: roles.map((role) => /* @__PURE__ */ u$2("option", { value: role, children: roleName(role) }, role))
      }
    )
  ] });
}
function ScaleSwitch() {
  const store = useStore();
  const { factor: factor2, diverging } = store.scale.value;
  const now = factor2 || store.scale.value.mode !== "linear" ? "log" : "linear";
  const one = (mode, label, title) => /* @__PURE__ */ u$2(
    "button",
    {
      type: "button",
      "aria-pressed": now === mode,
      disabled: factor2 && mode === "linear",
      title,
      "data-testid": `scale-${mode}`,
      onClick: () => {
        store.view.scale.value = mode;
      },
      children: label
    }
  );
  const signed = diverging && !factor2;
  return /* @__PURE__ */ u$2("fieldset", { class: "segments", "aria-label": TEXT.scale, children: [
    one("log", signed ? TEXT.symlog : TEXT.log, signed ? TEXT.symlogTitle : void 0),
    one("linear", TEXT.linear, factor2 ? TEXT.linearOff : void 0)
  ] });
}
function CompareSwitch() {
  const store = useStore();
  const { canCompare, compared } = store.flow;
  const ref = store.ref.value;
  if (ref === null) return null;
  const name = store.shortNames.value.get(ref) ?? ref;
  const one = (on, label, title) => /* @__PURE__ */ u$2(
    "button",
    {
      type: "button",
      "aria-pressed": compared.value === on,
      disabled: on && !canCompare.value,
      title,
      "data-testid": on ? "compare-ref" : "compare-value",
      onClick: () => store.compare(on),
      children: label
    }
  );
  return /* @__PURE__ */ u$2("fieldset", { class: "segments compare", "aria-label": TEXT.flow.compare, children: [
    one(false, TEXT.flow.value, TEXT.flow.valueTitle),
    one(true, TEXT.flow.versus(name), canCompare.value ? TEXT.flow.versusTitle(ref) : TEXT.flow.versusOff)
  ] });
}
function Popover({ label, value, testid, help, children }) {
  const [open, setOpen] = d$1(false);
  const ref = A$1(null);
  h$2(() => {
    if (!open) return;
    const close = (event) => {
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !ref.current?.contains(event.target)) {
        setOpen(false);
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, [open]);
  return /* @__PURE__ */ u$2("div", { class: "popover", ref, children: [
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "button",
        "aria-expanded": open,
        "data-testid": `${testid}-button`,
        onClick: () => setOpen(!open),
        children: [
          label,
          " ",
          /* @__PURE__ */ u$2("b", { children: value })
        ]
      }
    ),
    open && /* @__PURE__ */ u$2("div", { class: "sheet", role: "dialog", "aria-label": label, children: [
      /* @__PURE__ */ u$2("p", { children: help }),
      children
    ] })
  ] });
}
function NumberField({ label, value, placeholder, testid, positive = false, set }) {
  const [bad, setBad] = d$1(false);
  const commit = (text) => {
    const number2 = parseNumber(text);
    const wrong = text.trim() !== "" && number2 === null || positive && number2 !== null && number2 <= 0;
    setBad(wrong);
    if (!wrong && number2 !== value) set(number2);
  };
  return /* @__PURE__ */ u$2("label", { class: "number", children: [
    /* @__PURE__ */ u$2("span", { children: label }),
    /* @__PURE__ */ u$2(
      "input",
      {
        class: bad ? "field bad" : "field",
        inputMode: "decimal",
        "data-testid": testid,
        "aria-invalid": bad,
        placeholder,
        value: value === null ? "" : tick(value),
        onKeyDown: (event) => event.key === "Enter" && commit(event.currentTarget.value),
        onBlur: (event) => commit(event.currentTarget.value)
      }
    )
  ] });
}
function RangeControl() {
  const store = useStore();
  const { lo, hi } = store.view;
  const scale = store.scale.value;
  const isAuto = lo.value === null && hi.value === null;
  const positive = scale.mode === "log" || scale.factor === true;
  const plain = (end) => tick(scale.factor ? 10 ** end : end);
  return /* @__PURE__ */ u$2(
    Popover,
    {
      label: TEXT.range,
      value: isAuto ? TEXT.auto : `${tickOf(scale, scale.lo)} – ${tickOf(scale, scale.hi)}`,
      testid: "range",
      help: scale.factor ? TEXT.flow.factorHelp : TEXT.rangeHelp,
      children: [
        /* @__PURE__ */ u$2("div", { class: "fields", children: [
          /* @__PURE__ */ u$2(
            NumberField,
            {
              label: TEXT.rangeLow,
              value: lo.value,
              placeholder: plain(scale.lo),
              positive,
              testid: "range-lo",
              set: (v2) => {
                lo.value = v2;
              }
            }
          ),
          /* @__PURE__ */ u$2(
            NumberField,
            {
              label: TEXT.rangeHigh,
              value: hi.value,
              placeholder: plain(scale.hi),
              positive,
              testid: "range-hi",
              set: (v2) => {
                hi.value = v2;
              }
            }
          )
        ] }),
        /* @__PURE__ */ u$2(
          "button",
          {
            type: "button",
            class: "button",
            disabled: isAuto,
            onClick: () => {
              lo.value = null;
              hi.value = null;
            },
            children: TEXT.auto
          }
        )
      ]
    }
  );
}
function ThresholdControl() {
  const store = useStore();
  const { vanishing, exploding } = store.view;
  if (!store.thresholds.value) return null;
  const isDefault = vanishing.value === DEFAULTS.vanishing && exploding.value === DEFAULTS.exploding;
  return /* @__PURE__ */ u$2(
    Popover,
    {
      label: TEXT.thresholds,
      value: `${tick(vanishing.value)}, ${tick(exploding.value)}`,
      testid: "thresholds",
      help: TEXT.thresholdsHelp,
      children: [
        /* @__PURE__ */ u$2("div", { class: "fields", children: [
          /* @__PURE__ */ u$2(
            NumberField,
            {
              label: TEXT.vanishing,
              value: vanishing.value,
              placeholder: tick(DEFAULTS.vanishing),
              positive: true,
              testid: "threshold-vanishing",
              set: (v2) => {
                vanishing.value = v2 ?? DEFAULTS.vanishing;
              }
            }
          ),
          /* @__PURE__ */ u$2(
            NumberField,
            {
              label: TEXT.exploding,
              value: exploding.value,
              placeholder: tick(DEFAULTS.exploding),
              positive: true,
              testid: "threshold-exploding",
              set: (v2) => {
                exploding.value = v2 ?? DEFAULTS.exploding;
              }
            }
          )
        ] }),
        /* @__PURE__ */ u$2(
          "button",
          {
            type: "button",
            class: "button",
            disabled: isDefault,
            onClick: () => {
              vanishing.value = DEFAULTS.vanishing;
              exploding.value = DEFAULTS.exploding;
            },
            children: TEXT.reset
          }
        )
      ]
    }
  );
}
function StepControl() {
  const store = useStore();
  const last = store.steps.value.at(-1);
  const commit = (input) => {
    const value = parseNumber(input.value);
    if (value === null) input.value = String(store.step.value);
    else if (store.steps.value.length > 0) {
      const step = store.steps.value[nearest(store.steps.value, value)];
      store.moveTo(null, step);
      input.value = String(step);
    }
  };
  return /* @__PURE__ */ u$2("label", { class: "button step", children: [
    TEXT.step,
    /* @__PURE__ */ u$2(
      "input",
      {
        inputMode: "numeric",
        "aria-label": TEXT.step,
        "data-testid": "step-input",
        value: store.step.value,
        size: Math.max(3, String(store.step.value).length),
        onKeyDown: (event) => {
          event.stopPropagation();
          if (event.key === "Enter") commit(event.currentTarget);
        },
        onBlur: (event) => commit(event.currentTarget)
      }
    ),
    last !== void 0 && /* @__PURE__ */ u$2("span", { class: "dim", children: TEXT.ofLast(last) })
  ] });
}
function PanelEmpty({ title, help, code }) {
  return /* @__PURE__ */ u$2("div", { class: "panel-empty", "data-testid": "panel-empty", children: [
    /* @__PURE__ */ u$2("h2", { children: title }),
    /* @__PURE__ */ u$2("p", { children: help }),
    /* @__PURE__ */ u$2(Code, { title: TEXT.fillsIt, code })
  ] });
}
function NoRuns() {
  return /* @__PURE__ */ u$2("div", { class: "notice", children: [
    /* @__PURE__ */ u$2("b", { children: TEXT.noneSelected }),
    /* @__PURE__ */ u$2("p", { children: TEXT.noneSelectedHelp })
  ] });
}
const quote = (text) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const BLANK = ["absent", "undefined", "refZero", "refNonfinite", "refAbsent"];
function toCsv(grids, lines, scale, reference = null) {
  const out = [`run,row,step,value,state${reference ? ",reference_step" : ""}`];
  for (const grid of grids) {
    lines.forEach((line, l2) => {
      if (line.type === "header") return;
      for (let s2 = 0; s2 < grid.steps.length; s2++) {
        const at = l2 * grid.steps.length + s2;
        const state = labelOf(grid.states[at], grid.values[at], scale);
        const named = state === "under" || state === "over" ? "value" : state;
        const number2 = scale.factor ? 10 ** grid.values[at] : grid.values[at];
        const value = BLANK.includes(named) ? "" : exact(number2);
        const match = grid.match && reference ? grid.match.at[s2] : -1;
        const than = !reference ? "" : match < 0 ? "," : `,${reference.steps[match]}`;
        out.push(`${quote(grid.run)},${quote(line.key)},${grid.steps[s2]},${value},${named}${than}`);
      }
    });
  }
  return `${out.join("\n")}
`;
}
function ink(dark) {
  return dark ? {
    text: "#e8eaed",
    dim: "#a3a9b4",
    grid: "#303339",
    accent: "#ff9d45",
    critical: "#f28b82",
    band: "rgba(242,139,130,.10)",
    panel: "#1e1f22",
    dots: "#54585f",
    hatch: "rgba(255,255,255,.62)",
    nonfinite: "#f06fd2",
    dash: "rgba(255,255,255,.55)"
  } : {
    text: "#1f2430",
    dim: "#5d6677",
    grid: "#e9ecf0",
    accent: "#d9630a",
    critical: "#c5221f",
    band: "rgba(197,34,31,.06)",
    panel: "#ffffff",
    dots: "#c3c8d0",
    hatch: "rgba(255,255,255,.62)",
    nonfinite: "rgb(200,30,160)",
    dash: "rgba(31,36,48,.5)"
  };
}
const FONT = 'Roboto, "Segoe UI", Helvetica, Arial, sans-serif';
function prepare(canvas, width, height, dpr) {
  canvas.width = Math.round(width * dpr);
  canvas.height = Math.round(height * dpr);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const g2 = canvas.getContext("2d");
  g2?.setTransform(canvas.width / width, 0, 0, canvas.height / height, 0, 0);
  return g2;
}
function tile(size, draw2) {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const g2 = canvas.getContext("2d");
  if (g2) draw2(g2);
  return canvas;
}
const hatchTile = (colour, dpr) => {
  const size = Math.round(6 * dpr);
  return tile(size, (g2) => {
    g2.strokeStyle = colour;
    g2.lineWidth = 1.1 * dpr;
    g2.beginPath();
    for (const shift of [-size, 0, size]) {
      g2.moveTo(shift - 1, size + 1);
      g2.lineTo(shift + size + 1, -1);
    }
    g2.stroke();
  });
};
const dotTile = (colour, dpr) => {
  const size = Math.round(6 * dpr);
  const dot = Math.max(1, Math.round(dpr));
  return tile(size, (g2) => {
    g2.fillStyle = colour;
    g2.fillRect(Math.round(size / 4), Math.round(size / 4), dot, dot);
    g2.fillRect(Math.round(size * 3 / 4), Math.round(size * 3 / 4), dot, dot);
  });
};
const dashTile = (colour, dpr) => {
  const size = Math.round(8 * dpr);
  const thick = Math.max(1, Math.round(1.2 * dpr));
  return tile(size, (g2) => {
    g2.fillStyle = colour;
    g2.fillRect(0, Math.round(size / 4), Math.round(size / 2), thick);
    g2.fillRect(Math.round(size / 2), Math.round(size * 3 / 4), Math.round(size / 2), thick);
  });
};
function snapshot(root, background, dpr) {
  const frame = root.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = Math.ceil(frame.width * dpr);
  canvas.height = Math.ceil(frame.height * dpr);
  const g2 = canvas.getContext("2d");
  if (!g2) return canvas;
  g2.scale(dpr, dpr);
  g2.translate(-frame.left, -frame.top);
  g2.fillStyle = background;
  g2.fillRect(frame.left, frame.top, frame.width, frame.height);
  draw(g2, root);
  return canvas;
}
function draw(g2, element) {
  const style2 = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (style2.display === "none" || style2.visibility === "hidden" || style2.opacity === "0") return;
  if (box.width === 0 && box.height === 0) return;
  if (/^(INPUT|BUTTON|SELECT)$/.test(element.tagName)) return;
  g2.save();
  g2.globalAlpha *= Number(style2.opacity);
  if (style2.overflowX !== "visible" || style2.overflowY !== "visible") {
    g2.beginPath();
    g2.rect(box.left, box.top, box.width, box.height);
    g2.clip();
  }
  drawBox(g2, box, style2);
  if (element instanceof HTMLCanvasElement) {
    g2.imageSmoothingEnabled = false;
    if (element.width > 0 && element.height > 0)
      g2.drawImage(element, box.left, box.top, box.width, box.height);
  } else if (element instanceof SVGSVGElement) {
    drawMark(g2, element);
  } else {
    const children = [...element.childNodes];
    const layer = (node) => node instanceof Element ? Number(getComputedStyle(node).zIndex) || 0 : 0;
    children.sort((a2, b2) => layer(a2) - layer(b2));
    for (const child of children) {
      if (child instanceof Element) draw(g2, child);
      else if (child instanceof Text) drawText(g2, child, style2);
    }
  }
  g2.restore();
}
function drawBox(g2, box, style2) {
  if (!/^rgba\(.*, 0\)$|^transparent$/.test(style2.backgroundColor)) {
    g2.fillStyle = style2.backgroundColor;
    g2.beginPath();
    g2.roundRect(box.left, box.top, box.width, box.height, Number.parseFloat(style2.borderTopLeftRadius) || 0);
    g2.fill();
  }
  const inset = style2.boxShadow.match(/^(rgba?\([^)]*\)) 0px 0px 0px 1px inset$/);
  if (inset) {
    g2.strokeStyle = inset[1];
    g2.lineWidth = 1;
    g2.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1);
  }
  const border = Number.parseFloat(style2.borderTopWidth);
  if (border > 0 && style2.borderTopStyle === "solid") {
    g2.strokeStyle = style2.borderTopColor;
    g2.lineWidth = border;
    g2.strokeRect(box.left + border / 2, box.top + border / 2, box.width - border, box.height - border);
  }
}
function drawText(g2, node, style2) {
  const parent = node.parentElement;
  if (!parent || node.data.trim() === "") return;
  const range = document.createRange();
  range.selectNodeContents(node);
  const rect = range.getClientRects()[0];
  if (!rect) return;
  g2.font = `${style2.fontWeight} ${style2.fontSize} ${style2.fontFamily}`;
  g2.fillStyle = style2.color;
  g2.textBaseline = "middle";
  let text = node.data;
  const room = parent.getBoundingClientRect().right - rect.left;
  if (style2.textOverflow === "ellipsis" && rect.width > room + 1) {
    while (text.length > 1 && g2.measureText(`${text}…`).width > room) text = text.slice(0, -1);
    text += "…";
  }
  g2.fillText(text, rect.left, rect.top + rect.height / 2 + 0.5);
}
function drawMark(g2, svg) {
  for (const shape of svg.querySelectorAll("path, rect, text")) {
    const place2 = shape.getScreenCTM();
    if (!place2) continue;
    const style2 = getComputedStyle(shape);
    g2.save();
    g2.transform(place2.a, place2.b, place2.c, place2.d, place2.e, place2.f);
    const number2 = (name) => Number(shape.getAttribute(name) ?? 0);
    if (shape.tagName === "text") {
      g2.font = `${style2.fontWeight} ${style2.fontSize} ${style2.fontFamily}`;
      g2.fillStyle = style2.fill;
      g2.textBaseline = "alphabetic";
      g2.textAlign = { middle: "center", end: "right" }[style2.textAnchor] ?? "left";
      g2.fillText(shape.textContent ?? "", number2("x"), number2("y"));
      g2.restore();
      continue;
    }
    const path = new Path2D(shape.getAttribute("d") ?? "");
    if (shape.tagName === "rect")
      path.roundRect(number2("x"), number2("y"), number2("width"), number2("height"), number2("rx"));
    if (style2.fill !== "none") {
      g2.globalAlpha *= Number(style2.fillOpacity);
      g2.fillStyle = style2.fill;
      g2.fill(path);
      g2.globalAlpha /= Number(style2.fillOpacity) || 1;
    }
    if (style2.stroke !== "none") {
      g2.strokeStyle = style2.stroke;
      g2.lineWidth = Number.parseFloat(style2.strokeWidth) || 1;
      g2.lineJoin = style2.strokeLinejoin;
      g2.setLineDash(
        style2.strokeDasharray === "none" ? [] : style2.strokeDasharray.split(/[ ,]+/).map(Number.parseFloat)
      );
      g2.stroke(path);
    }
    g2.restore();
  }
}
function download(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1e4);
}
function Exports({ name, png, csv, disabled = false }) {
  const store = useStore();
  const picture = () => {
    const element = png();
    if (!element) return;
    const canvas = snapshot(element, ink(store.dark.value).panel, Math.max(2, window.devicePixelRatio));
    canvas.toBlob((blob) => blob && download(blob, `${name}.png`), "image/png");
  };
  const table2 = () => download(new Blob([csv()], { type: "text/csv" }), `${name}.csv`);
  return /* @__PURE__ */ u$2(S$1, { children: [
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "button",
        title: TEXT.pngTitle,
        "data-testid": "export-png",
        onClick: picture,
        disabled,
        children: TEXT.png
      }
    ),
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "button",
        title: TEXT.csvTitle,
        "data-testid": "export-csv",
        onClick: table2,
        disabled,
        children: TEXT.csv
      }
    )
  ] });
}
function envelopes(xs, ys, pixel = 1) {
  const pieces = [];
  let piece = null;
  const cover = (column, y2) => {
    const { from, tops, bottoms } = piece;
    const i2 = column - from;
    if (i2 === tops.length) {
      tops.push(y2);
      bottoms.push(y2);
    } else {
      if (y2 < tops[i2]) tops[i2] = y2;
      if (y2 > bottoms[i2]) bottoms[i2] = y2;
    }
  };
  for (let i2 = 0; i2 < xs.length; i2++) {
    const y2 = ys[i2];
    if (Number.isNaN(y2)) {
      piece = null;
      continue;
    }
    const column = Math.floor(xs[i2] / pixel);
    if (!piece) {
      piece = { from: column, tops: [], bottoms: [] };
      pieces.push(piece);
    } else {
      const slope = (y2 - ys[i2 - 1]) / (xs[i2] - xs[i2 - 1]);
      for (let edge = piece.from + piece.tops.length; edge <= column; edge++) {
        const crossing = ys[i2 - 1] + slope * (edge * pixel - xs[i2 - 1]);
        cover(edge - 1, crossing);
        cover(edge, crossing);
      }
    }
    cover(column, y2);
  }
  return pieces;
}
const NOWHERE = [0, 1];
const GAP = 6;
class Plot {
  /** `laidOut` says that places can be asked for, or are others than before. */
  constructor(parent, laidOut = () => void 0) {
    this.laidOut = laidOut;
    this.root.className = "plot-frame";
    this.canvas.style.display = "block";
    this.overlay.className = "plot-over";
    this.root.append(this.canvas, this.overlay);
    this.root.hidden = true;
    parent.append(this.root);
  }
  laidOut;
  root = document.createElement("div");
  canvas = document.createElement("canvas");
  overlay = document.createElement("div");
  context = null;
  model = null;
  /** What places depend on. */
  places = "";
  area = { left: 0, top: 0, width: 1, height: 1 };
  /** The plot area, for pointers and overlays; null while there is no plot. */
  get over() {
    return this.model ? this.overlay : null;
  }
  /** The same canvas is drawn on again: a new one is a new layer, which costs more than the lines do. */
  update(model) {
    const { width, height, margin, x: x2 } = model;
    this.model = model;
    const places = [width, height, ...Object.values(margin), ...x2, window.devicePixelRatio].join();
    if (places === this.places) {
      this.context?.clearRect(0, 0, width, height);
      this.draw(model);
      return;
    }
    this.places = places;
    this.area = {
      left: margin.left,
      top: margin.top,
      width: Math.max(1, width - margin.left - margin.right),
      height: Math.max(1, height - margin.top - margin.bottom)
    };
    const { area } = this;
    this.root.hidden = false;
    this.root.style.cssText = `position:relative;width:${width}px;height:${height}px`;
    this.overlay.style.cssText = `position:absolute;left:${area.left}px;top:${area.top}px;width:${area.width}px;height:${area.height}px`;
    this.context = prepare(this.canvas, width, height, window.devicePixelRatio);
    this.draw(model);
    this.laidOut();
  }
  /** No plot until the next update. */
  clear() {
    this.model = null;
    this.places = "";
    this.root.hidden = true;
  }
  destroy() {
    this.root.remove();
  }
  /** From the left edge of the plot area. */
  xOf(value) {
    const [lo, hi] = this.model?.x ?? NOWHERE;
    return hi > lo ? (value - lo) / (hi - lo) * this.area.width : this.area.width / 2;
  }
  /** From the top edge of the plot area. */
  yOf(value) {
    const [lo, hi] = this.model?.y ?? NOWHERE;
    return this.area.height * (1 - (hi > lo ? (value - lo) / (hi - lo) : 0.5));
  }
  valueAt(x2) {
    const [lo, hi] = this.model?.x ?? NOWHERE;
    return lo + x2 / this.area.width * (hi - lo);
  }
  draw(model) {
    const { context: g2, area } = this;
    if (!g2) return;
    this.drawAxes(g2, model);
    model.below?.(g2);
    g2.save();
    g2.beginPath();
    g2.rect(area.left, area.top, area.width, area.height);
    g2.clip();
    for (const line of model.lines) this.drawLine(g2, line, model.x);
    g2.restore();
    model.above?.(g2);
  }
  drawAxes(g2, { xTicks, yTicks, ink: ink2 }) {
    const { area } = this;
    g2.font = `11px ${FONT}`;
    g2.strokeStyle = ink2.grid;
    g2.fillStyle = ink2.dim;
    g2.lineWidth = 1;
    g2.textAlign = "right";
    g2.textBaseline = "middle";
    yTicks.at.forEach((value, i2) => {
      const y2 = area.top + this.yOf(value);
      if (y2 < area.top - 1 || y2 > area.top + area.height + 1) return;
      g2.beginPath();
      g2.moveTo(area.left, Math.round(y2) + 0.5);
      g2.lineTo(area.left + area.width, Math.round(y2) + 0.5);
      g2.stroke();
      g2.fillText(yTicks.text[i2], area.left - GAP, y2);
    });
    g2.textAlign = "center";
    g2.textBaseline = "top";
    xTicks.at.forEach((value, i2) => {
      const x2 = this.xOf(value);
      if (x2 < -1 || x2 > area.width + 1) return;
      g2.fillText(xTicks.text[i2], area.left + x2, area.top + area.height + GAP);
    });
  }
  drawLine(g2, line, x2) {
    const { xs, ys, colour, width, dash, dots } = line;
    g2.strokeStyle = colour;
    g2.fillStyle = colour;
    const [first, last] = visible(xs, x2);
    const places = [];
    const heights = [];
    for (let i2 = first; i2 <= last; i2++) {
      const value = ys[i2];
      if (value === void 0) continue;
      places.push(this.area.left + this.xOf(xs[i2]));
      heights.push(value === null ? Number.NaN : this.area.top + this.yOf(value));
    }
    if (places.length > DENSE * this.area.width) {
      fillEnvelope(g2, envelopes(places, heights, 1 / window.devicePixelRatio), width, dash);
      return;
    }
    g2.lineWidth = width;
    g2.lineJoin = "round";
    g2.setLineDash(dash ? [...dash] : []);
    g2.beginPath();
    heights.forEach((y2, i2) => {
      if (Number.isNaN(y2)) return;
      if (i2 > 0 && !Number.isNaN(heights[i2 - 1])) g2.lineTo(places[i2], y2);
      else g2.moveTo(places[i2], y2);
    });
    g2.stroke();
    g2.setLineDash([]);
    if (dots === 0) return;
    g2.beginPath();
    heights.forEach((y2, i2) => {
      if (Number.isNaN(y2)) return;
      g2.moveTo(places[i2] + dots / 2, y2);
      g2.arc(places[i2], y2, dots / 2, 0, 2 * Math.PI);
    });
    g2.fill();
  }
}
function visible(xs, [lo, hi]) {
  let first = 0;
  let last = xs.length - 1;
  while (first < last && xs[first + 1] < lo) first++;
  while (last > first && xs[last - 1] > hi) last--;
  return [first, last];
}
const DENSE = 1.2;
function fillEnvelope(g2, pieces, width, dash) {
  const pixel = 1 / window.devicePixelRatio;
  const period = dash?.reduce((sum, part) => sum + part, 0) ?? 0;
  const isDrawn = (column) => period === 0 || column * pixel % period < dash[0];
  g2.beginPath();
  for (const { from, tops, bottoms } of pieces) {
    for (let start2 = 0; start2 < tops.length; start2++) {
      if (!isDrawn(from + start2)) continue;
      let end = start2;
      while (end < tops.length && isDrawn(from + end)) end++;
      for (let i2 = start2; i2 < end; i2++) {
        const x2 = (from + i2) * pixel;
        const y2 = tops[i2] - width / 2;
        i2 === start2 ? g2.moveTo(x2, y2) : g2.lineTo(x2, y2);
        g2.lineTo(x2 + pixel, y2);
      }
      for (let i2 = end - 1; i2 >= start2; i2--) {
        const x2 = (from + i2) * pixel;
        const y2 = bottoms[i2] + width / 2;
        g2.lineTo(x2 + pixel, y2);
        g2.lineTo(x2, y2);
      }
      start2 = end;
    }
  }
  g2.fill();
}
const LANE = 12;
const FEW = 60;
const PLOT_MARGIN = 10;
class SeriesChart {
  plot;
  model = null;
  constructor(root, laidOut) {
    this.plot = new Plot(root, laidOut);
  }
  yOf(value) {
    return this.model ? this.plot.yOf(place(this.model.scale, value)) : 0;
  }
  update(model) {
    this.model = model;
    const { curves: curves2, scale, domain, ink: ink2, left, width, height } = model;
    const marks = ticks(scale, Math.max(2, Math.floor((height - 40) / 30)));
    const steps = stepTicks(domain, Math.max(3, Math.min(10, Math.floor((width - left) / 90))));
    this.plot.update({
      width,
      height,
      margin: { left, right: PLOT_MARGIN, top: 6, bottom: 24 },
      x: domain,
      y: padded(model),
      xTicks: { at: steps, text: steps.map(tickStep) },
      yTicks: {
        at: marks.map((value) => toUnit(scale, value)),
        text: marks.map((value) => tickOf(scale, value))
      },
      lines: [
        ...curves2.runs.map((run, i2) => this.line(model, i2, run.values)),
        ...curves2.runs.flatMap((run, i2) => run.far ? [this.line(model, i2, run.far, [2, 4])] : [])
      ],
      ink: ink2,
      below: (g2) => this.drawThresholds(g2, model),
      above: (g2) => this.drawLanes(g2, model)
    });
  }
  line({ curves: curves2, looks, scale }, i2, values, dash) {
    return {
      xs: curves2.steps,
      ys: values.map((value) => typeof value === "number" ? place(scale, value) : value),
      colour: looks[i2].colour,
      width: dash ? 1.4 : 1.6,
      ...dash ? { dash } : {},
      dots: !dash && curves2.steps.length <= FEW ? 4 : 0
    };
  }
  drawThresholds(g2, { thresholds, guide, names, scale, ink: ink2 }) {
    const { plot } = this;
    const { left, top, width } = plot.area;
    if (guide !== null && guide !== void 0) {
      const at = Math.round(top + plot.yOf(toUnit(scale, guide))) + 0.5;
      g2.save();
      g2.strokeStyle = ink2.dim;
      g2.lineWidth = 1;
      g2.beginPath();
      g2.moveTo(left, at);
      g2.lineTo(left + width, at);
      g2.stroke();
      g2.restore();
    }
    if (!thresholds) return;
    g2.save();
    g2.strokeStyle = ink2.critical;
    g2.lineWidth = 1;
    g2.setLineDash([5, 4]);
    g2.fillStyle = ink2.critical;
    g2.font = `10px ${FONT}`;
    g2.textAlign = "left";
    const y2 = (value) => plot.yOf(toUnit(scale, value));
    const apart = y2(thresholds.vanishing) - y2(thresholds.exploding) > 28;
    for (const [threshold, name, baseline] of [
      [thresholds.vanishing, names.vanishing, "bottom"],
      [thresholds.exploding, names.exploding, "top"]
    ]) {
      const t2 = toUnit(scale, threshold);
      if (t2 < -1e-9 || t2 > 1 + 1e-9) continue;
      const at = Math.round(top + plot.yOf(t2)) + 0.5;
      g2.beginPath();
      g2.moveTo(left, at);
      g2.lineTo(left + width, at);
      g2.stroke();
      if (!apart && threshold === thresholds.vanishing) continue;
      g2.textBaseline = baseline;
      g2.fillText(name, left + 6, at + (baseline === "top" ? 2 : -2));
    }
    g2.restore();
  }
  drawLanes(g2, { curves: curves2, looks, ink: ink2, scale }) {
    const { plot } = this;
    const { left, top, width, height } = plot.area;
    g2.save();
    const n2 = curves2.runs.length;
    const offset = (i2) => (i2 - (n2 - 1) / 2) * Math.min(4, 10 / Math.max(1, n2)) - LANE / 2;
    const label = (text, y2) => {
      g2.fillStyle = ink2.dim;
      g2.font = `11px ${FONT}`;
      g2.textAlign = "right";
      g2.textBaseline = "middle";
      g2.fillText(text, left - 6, y2);
    };
    if (curves2.runs.some(({ zeros }) => zeros.length > 0) && zeroApart(scale)) {
      label("0", top + height - LANE / 2);
    }
    if (curves2.runs.some(({ nonfinites }) => nonfinites.length > 0)) label("NaN", top + LANE / 2);
    curves2.runs.forEach((run, i2) => {
      const every2 = Math.max(1, Math.ceil(curves2.steps.length / width * 9));
      g2.strokeStyle = looks[i2].colour;
      g2.lineWidth = 1;
      const zeroY = zeroApart(scale) ? top + height + offset(i2) : top + plot.yOf(toUnit(scale, 0));
      run.zeros.forEach((step, k2) => {
        if (k2 % every2 !== 0) return;
        tracePath(g2, looks[i2].shape, left + plot.xOf(step), zeroY, 2.2);
        g2.fillStyle = ink2.panel;
        g2.fill();
        g2.stroke();
      });
      g2.strokeStyle = ink2.nonfinite;
      g2.lineWidth = 1.5;
      run.nonfinites.forEach((step, k2) => {
        if (k2 % every2 !== 0) return;
        cross(g2, left + plot.xOf(step), top - offset(i2), 2.2);
      });
    });
    g2.restore();
  }
}
const place = (scale, value) => Math.min(1, Math.max(0, toUnit(scale, value)));
const tickStep = (step) => step >= 1e5 ? tick(step) : String(step);
function padded({ scale, curves: curves2, height }) {
  const share = LANE / Math.max(40, height - 40 - 2 * LANE);
  const zeros = zeroApart(scale) && curves2.runs.some((run) => run.zeros.length > 0);
  const nonfinites = curves2.runs.some((run) => run.nonfinites.length > 0);
  return [-(zeros ? share + 0.02 : 0.02), 1 + (nonfinites ? share + 0.02 : 0.02)];
}
const NARROW = 124;
function RunHead({ run, width, note, tone }) {
  const store = useStore();
  const headline = store.headlines.value.get(run);
  return /* @__PURE__ */ u$2("div", { class: "run-head", title: run, children: [
    /* @__PURE__ */ u$2(Mark, { colour: store.colour(run), shape: shapeOf(store.order.value.get(run) ?? 0) }),
    /* @__PURE__ */ u$2("b", { children: store.shortNames.value.get(run) ?? run }),
    width >= NARROW && (note !== void 0 ? /* @__PURE__ */ u$2("span", { class: tone, title: note, children: note }) : headline && /* @__PURE__ */ u$2("span", { title: TEXT.metricTitle(headline.name, headline.step), children: metric(headline.name, headline.value) }))
  ] });
}
function markPath(kind, x2, y2) {
  const p2 = (dx, dy) => `${Math.round((x2 + dx) * 100) / 100} ${y2 + dy}`;
  switch (kind) {
    case "finding":
      return `M${p2(-2.6, 4)}V${y2 - 4}L${p2(3.6, -1.6)}L${p2(-2.6, 0.8)}`;
    case "peak":
      return `M${p2(0, -3.5)}L${p2(3.6, 3)}L${p2(-3.6, 3)}z`;
    case "nonfinite":
      return `M${p2(-3, -3)}L${p2(3, 3)}M${p2(3, -3)}L${p2(-3, 3)}`;
    case "skipped":
      return `M${p2(-3.4, -3)}L${p2(-0.4, 0)}L${p2(-3.4, 3)}M${p2(0.4, -3)}L${p2(3.4, 0)}L${p2(0.4, 3)}`;
  }
}
const rugPath = (places, y2) => [...new Set(places.map((place2) => Math.round(place2)))].map((x2) => `M${x2} ${y2 - 2}V${y2 + 2}`).join("");
function curves(grids, line) {
  const steps = allSteps(grids.map((grid) => grid.steps));
  const place2 = /* @__PURE__ */ new Map();
  steps.forEach((step, i2) => {
    place2.set(step, i2);
  });
  const runs = grids.map((grid) => {
    const result = {
      run: grid.run,
      values: new Array(steps.length).fill(void 0),
      far: grid.match?.far.includes(1) ? new Array(steps.length).fill(void 0) : null,
      zeros: [],
      nonfinites: []
    };
    const start2 = line * grid.steps.length;
    for (let s2 = 0; s2 < grid.steps.length; s2++) {
      const state = grid.states[start2 + s2];
      const step = grid.steps[s2];
      const value = state === CELL.value ? grid.values[start2 + s2] : null;
      const isFar = grid.match?.far[s2] === 1;
      result.values[place2.get(step)] = isFar ? null : value;
      if (result.far) result.far[place2.get(step)] = isFar ? value : null;
      if (state === CELL.zero) result.zeros.push(step);
      if (state === CELL.nonfinite || state === CELL.refNonfinite) result.nonfinites.push(step);
    }
    return result;
  });
  return { steps, runs };
}
const MOST_DECADES = 14;
function curveScale({ runs }, mode, shared) {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { values, far } of runs) {
    for (const value of far ? [...values, ...far] : values) {
      if (typeof value !== "number") continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const diverging = min < 0;
  if (shared.factor) return factorCurve(min, max, shared);
  if (shared.mode === "symlog" || mode === "log" && diverging) return symlogCurve(min, max, shared);
  if (mode === "log" && !diverging) {
    if (min > max) return { mode, lo: 1e-3, hi: 1, diverging: false };
    let lo2 = niceDown(min);
    let hi2 = niceUp(max);
    if (hi2 / lo2 < 10) {
      lo2 = niceDown(lo2 / 2);
      hi2 = niceUp(hi2 * 2);
    }
    if (shared.mode === "log" && Math.log10(hi2 / lo2) > MOST_DECADES) {
      lo2 = Math.max(lo2, shared.lo);
      hi2 = Math.min(hi2, shared.hi);
      if (lo2 >= hi2) return shared;
    }
    return { mode, lo: lo2, hi: hi2, diverging: false };
  }
  if (min > max) return { mode: "linear", lo: 0, hi: 1, diverging: false };
  const [lo, hi] = nice(Math.min(0, min), Math.max(0, max), 5);
  return { mode: "linear", lo, hi: hi > lo ? hi : lo + 1, diverging };
}
function factorCurve(min, max, shared) {
  const least = Math.log10(2);
  const out = (decades) => decades > 3 ? Math.ceil(decades - 1e-9) : Math.log10(niceUp(10 ** decades));
  let lo = -Math.max(least, out(Math.max(0, min > max ? 0 : -min)));
  let hi = Math.max(least, out(Math.max(0, min > max ? 0 : max)));
  if (hi - lo > MOST_DECADES) {
    lo = Math.max(lo, shared.lo);
    hi = Math.min(hi, shared.hi);
  }
  return { mode: "linear", lo, hi, diverging: true, factor: true };
}
function symlogCurve(min, max, shared) {
  const { threshold = 1e-3 } = shared;
  const least = 10 * threshold;
  const far = (value) => niceUp(Math.max(least, value));
  if (min > max) return { mode: "symlog", lo: -least, hi: least, diverging: true, threshold };
  let lo = min < 0 ? -far(-min) : 0;
  let hi = max > 0 ? far(max) : 0;
  if (Math.log10(Math.max(hi, -lo) / threshold) > MOST_DECADES) {
    lo = Math.max(lo, shared.lo);
    hi = Math.min(hi, shared.hi);
  }
  return { mode: "symlog", lo, hi, diverging: true, threshold };
}
const css = (rgb) => `rgb(${rgb.join(",")})`;
function Legend() {
  const store = useStore();
  const scale = store.scale.value;
  const colours = palette(scale.diverging, store.dark.value);
  const found = store.labels.value;
  const sampled = store.windowCount.value;
  const { compared, comparison, plainScale } = store.flow;
  const ref = store.ref.value ?? "";
  const name = store.shortNames.value.get(ref) ?? ref;
  const middle = {
    value: 0,
    text: TEXT.flow.asMuch(comparison.value === "difference" ? "0" : "1", name),
    title: comparison.value === "difference" ? TEXT.flow.differenceTo(ref) : TEXT.flow.ratioTo(ref)
  };
  const chip = (label, text, look, colour, title) => found.has(label) && /* @__PURE__ */ u$2("span", { class: "chip", title, children: [
    /* @__PURE__ */ u$2("i", { class: look, style: colour ? { backgroundColor: colour } : void 0 }),
    text
  ] });
  const far = store.grids.value.some(({ match }) => match?.far.includes(1));
  return /* @__PURE__ */ u$2("div", { class: "legend", role: "img", "aria-label": TEXT.legend, "data-testid": "legend", children: [
    /* @__PURE__ */ u$2(ScaleRamp, { scale, ends: found, middle: compared.value ? middle : void 0 }),
    compared.value && /* @__PURE__ */ u$2("div", { class: "own-scale", "data-testid": "legend-reference", title: TEXT.flow.own(ref), children: [
      /* @__PURE__ */ u$2("span", { class: "name", children: name }),
      /* @__PURE__ */ u$2("span", { children: tickOf(plainScale.value, plainScale.value.lo) }),
      /* @__PURE__ */ u$2(Ramp, { colours: palette(plainScale.value.diverging, store.dark.value) }),
      /* @__PURE__ */ u$2("span", { children: tickOf(plainScale.value, plainScale.value.hi) })
    ] }),
    /* @__PURE__ */ u$2("div", { class: "chips", children: [
      chip("under", `< ${tickOf(scale, scale.lo)}`, "", css(colours.under)),
      chip("over", `> ${tickOf(scale, scale.hi)}`, "", css(colours.over)),
      chip("zero", TEXT.exactZero, "", css(colours.zero)),
      chip("nonfinite", TEXT.nonfinite, "hatched", css(colours.nonfinite)),
      found.has("absent") ? chip("absent", found.has("undefined") ? TEXT.absentOrUndefined : TEXT.absent, "dotted") : chip("undefined", TEXT.undefinedFigure, "dotted"),
      chip("refZero", TEXT.flow.chip.refZero, "dashed", css(colours.zero), TEXT.state.refZero),
      chip(
        "refNonfinite",
        TEXT.flow.chip.refNonfinite,
        "dashed",
        css(colours.nonfinite),
        TEXT.state.refNonfinite
      ),
      chip("refAbsent", TEXT.flow.chip.refAbsent, "dashed", void 0, TEXT.state.refAbsent),
      far && /* @__PURE__ */ u$2("span", { class: "chip", title: TEXT.flow.farTitle, children: [
        /* @__PURE__ */ u$2("i", { class: "far", style: { backgroundColor: css(tableColour(colours, 0.5)) } }),
        TEXT.flow.farChip
      ] }),
      store.markKinds.value.map((kind) => /* @__PURE__ */ u$2(
        "span",
        {
          class: "chip",
          "data-testid": `legend-${kind}`,
          title: TEXT.mark.help[kind](RULE.factor, RULE.spreads, RULE.reach),
          children: [
            /* @__PURE__ */ u$2("svg", { class: `mark-shape ${kind}`, width: "10", height: "10", viewBox: "0 0 10 10", "aria-hidden": "true", children: /* @__PURE__ */ u$2("path", { class: "shape", d: markPath(kind, 5, 5) }) }),
            TEXT.mark.legend[kind]
          ]
        },
        kind
      ))
    ] }),
    sampled && /* @__PURE__ */ u$2("div", { class: "sampled", title: TEXT.mark.sampledHelp, "data-testid": "sampled", children: TEXT.mark.sampled(sampled.kept, sampled.written) })
  ] });
}
function ScaleRamp({ scale, ends, middle }) {
  const store = useStore();
  const colours = palette(scale.diverging, store.dark.value);
  const inner = ticks(scale, 6).filter((value) => {
    const t2 = toUnit(scale, value);
    return t2 > 0.28 && t2 < 0.72;
  });
  inner.sort((a2, b2) => Math.abs(toUnit(scale, a2) - 0.5) - Math.abs(toUnit(scale, b2) - 0.5));
  return /* @__PURE__ */ u$2(S$1, { children: [
    /* @__PURE__ */ u$2("div", { class: "ramp", children: [
      ends.has("under") && /* @__PURE__ */ u$2("i", { class: "cap", style: { background: css(colours.under) }, title: TEXT.state.under }),
      /* @__PURE__ */ u$2(Ramp, { colours }),
      ends.has("over") && /* @__PURE__ */ u$2("i", { class: "cap", style: { background: css(colours.over) }, title: TEXT.state.over })
    ] }),
    /* @__PURE__ */ u$2("div", { class: "ends", children: [
      /* @__PURE__ */ u$2("span", { children: tickOf(scale, scale.lo) }),
      middle && /* @__PURE__ */ u$2("span", { class: "inner", style: { left: `${100 * toUnit(scale, middle.value)}%` }, title: middle.title, children: middle.text }),
      (middle ? [] : inner.slice(0, 1)).map((value) => /* @__PURE__ */ u$2("span", { class: "inner", style: { left: `${100 * toUnit(scale, value)}%` }, children: tickOf(scale, value) }, value)),
      /* @__PURE__ */ u$2("span", { children: tickOf(scale, scale.hi) })
    ] })
  ] });
}
function Ramp({ colours }) {
  const ref = A$1(null);
  _$1(() => {
    const g2 = ref.current?.getContext("2d");
    if (!g2) return;
    for (let i2 = 0; i2 < 256; i2++) {
      g2.fillStyle = css(tableColour(colours, i2 / 255));
      g2.fillRect(i2, 0, 1, 1);
    }
  }, [colours]);
  return /* @__PURE__ */ u$2("canvas", { class: "bar", width: 256, height: 1, ref });
}
function RowFilter({ placeholder = TEXT.rowFilter }) {
  const store = useStore();
  const bad = compile(store.view.rowFilter.value) === null;
  return /* @__PURE__ */ u$2(
    "input",
    {
      class: bad ? "field bad" : "field",
      type: "search",
      spellcheck: false,
      placeholder,
      "aria-label": TEXT.rowFilterName,
      "aria-invalid": bad,
      title: bad ? TEXT.badFilter : TEXT.rowFilterName,
      "data-testid": "row-filter",
      value: store.view.rowFilter.value,
      onInput: (event) => {
        store.view.rowFilter.value = event.currentTarget.value;
      }
    }
  );
}
const LINE = 24;
function LayerList({ items, selected, select }) {
  const store = useStore();
  const { ref, height } = useSize();
  const [top, setTop] = d$1(0);
  const filter = compile(store.view.rowFilter.value);
  const last = A$1(/(?:)/i);
  if (filter) last.current = filter;
  const shown2 = items.flatMap((item, i2) => last.current.test(item.name) ? [{ item, i: i2 }] : []);
  const at = shown2.findIndex(({ i: i2 }) => i2 === selected);
  _$1(() => {
    const box = ref.current;
    if (!box || at < 0 || height === 0) return;
    if (at * LINE < box.scrollTop) box.scrollTop = at * LINE;
    else if ((at + 1) * LINE > box.scrollTop + height) box.scrollTop = (at + 1) * LINE - height;
  }, [at, height]);
  const move = (by) => {
    const next = shown2[Math.min(shown2.length - 1, Math.max(0, at + by))];
    if (next) select(next.item);
  };
  const first = Math.max(0, Math.floor(top / LINE) - 4);
  const visible2 = shown2.slice(first, first + Math.ceil(height / LINE) + 8);
  return /* @__PURE__ */ u$2("div", { class: "layers", children: [
    /* @__PURE__ */ u$2(RowFilter, {}),
    /* @__PURE__ */ u$2(
      "div",
      {
        class: "layer-list",
        ref,
        role: "listbox",
        "aria-label": TEXT.layers,
        "aria-activedescendant": at >= 0 ? `layer-${at}` : void 0,
        tabIndex: 0,
        onScroll: (event) => setTop(event.currentTarget.scrollTop),
        onKeyDown: (event) => {
          const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
          if (by === void 0) return;
          event.preventDefault();
          event.stopPropagation();
          move(by);
        },
        children: [
          /* @__PURE__ */ u$2("div", { style: { height: `${shown2.length * LINE}px` }, children: visible2.map(({ item, i: i2 }, k2) => /* @__PURE__ */ u$2(
            "div",
            {
              id: `layer-${first + k2}`,
              class: i2 === selected ? "layer selected" : "layer",
              role: "option",
              "aria-selected": i2 === selected,
              tabIndex: -1,
              "aria-setsize": shown2.length,
              "aria-posinset": first + k2 + 1,
              title: item.note ? `${item.name}
${item.note}` : item.name,
              "data-testid": `layer-${item.name}`,
              style: { top: `${(first + k2) * LINE}px`, height: `${LINE}px` },
              onClick: () => select(item),
              children: [
                /* @__PURE__ */ u$2("span", { class: "label", children: item.name }),
                item.note && /* @__PURE__ */ u$2("span", { class: "note", children: item.note })
              ]
            },
            item.name
          )) }),
          shown2.length === 0 && items.length > 0 && /* @__PURE__ */ u$2("p", { class: "none", children: TEXT.noLines })
        ]
      }
    )
  ] });
}
const FRAME_MS = 350;
function StepSlider({ steps, step, set, ready = true }) {
  const [playing, setPlaying] = d$1(false);
  const last = steps.length - 1;
  const at = Math.max(0, nearest(steps, step));
  h$2(() => {
    if (!playing || !ready) return;
    if (at >= last) {
      setPlaying(false);
      return;
    }
    const timer = setTimeout(() => set(steps[at + 1]), FRAME_MS);
    return () => clearTimeout(timer);
  }, [playing, ready, at, last]);
  const toggle = () => {
    if (!playing && at >= last && last > 0) set(steps[0]);
    setPlaying(!playing);
  };
  const name = playing ? TEXT.pause : TEXT.play;
  return /* @__PURE__ */ u$2("div", { class: "slider", children: [
    /* @__PURE__ */ u$2(
      "button",
      {
        type: "button",
        class: "button",
        title: name,
        "aria-label": name,
        "data-testid": "play",
        disabled: last < 1,
        onClick: toggle,
        children: /* @__PURE__ */ u$2("svg", { width: "12", height: "12", viewBox: "0 0 12 12", "aria-hidden": "true", fill: "currentColor", children: /* @__PURE__ */ u$2("path", { d: playing ? "M2 1.5h3v9h-3zM7 1.5h3v9h-3z" : "M2.5 1l8 5l-8 5z" }) })
      }
    ),
    /* @__PURE__ */ u$2(
      "input",
      {
        type: "range",
        min: 0,
        max: Math.max(0, last),
        step: 1,
        value: at,
        disabled: last < 1,
        "aria-label": TEXT.step,
        "aria-valuetext": TEXT.stepOf(steps[at] ?? 0, steps[last] ?? 0),
        "data-testid": "step-slider",
        style: { "--at": last > 0 ? at / last : 0 },
        onInput: (event) => {
          setPlaying(false);
          set(steps[Number(event.currentTarget.value)]);
        }
      }
    ),
    /* @__PURE__ */ u$2("output", { class: "button step", "data-testid": "step-value", children: [
      TEXT.step,
      " ",
      /* @__PURE__ */ u$2("b", { children: steps[at] ?? "" }),
      " ",
      /* @__PURE__ */ u$2("span", { class: "dim", children: TEXT.ofLast(steps[last] ?? 0) })
    ] })
  ] });
}
export {
  factor as $,
  A$1 as A,
  cellAt as B,
  CELL as C,
  groupMarks as D,
  Exports as E,
  markPath as F,
  rugPath as G,
  APART as H,
  choose as I,
  exact as J,
  short as K,
  layerOf as L,
  toUnit as M,
  tracePath as N,
  cross as O,
  zeroApart as P,
  ticks as Q,
  RULE as R,
  S$1 as S,
  TEXT as T,
  isUnder as U,
  isOver as V,
  shapeOf as W,
  tickOf as X,
  percentileBand as Y,
  Mark as Z,
  _$1 as _,
  u$2 as a,
  T$1 as a0,
  curves as a1,
  curveScale as a2,
  SeriesChart as a3,
  aggregateOf as a4,
  Legend as a5,
  PLOT_MARGIN as a6,
  RowFilter as a7,
  Icon as a8,
  orderText as a9,
  stepDomain as aA,
  PanelEmpty as aB,
  LayerList as aC,
  StepSlider as aD,
  KINDS as aE,
  unionRows as aF,
  niceDown as aG,
  interpolateViridis as aH,
  tableColour as aI,
  kindName as aJ,
  compile as aK,
  Popover as aL,
  labelOf as aM,
  parseNumber as aN,
  quote as aO,
  autoScale as aP,
  mayBeUndefined as aQ,
  stateOf$1 as aR,
  median as aS,
  standOut as aT,
  quantile as aU,
  Plot as aV,
  spacing as aW,
  roleShowing as aX,
  splitList as aY,
  joinList as aZ,
  showFinding as a_,
  useSize as aa,
  useCourse as ab,
  useFindings as ac,
  RunHead as ad,
  StatisticSelect as ae,
  RoleSelect as af,
  CompareSwitch as ag,
  ScaleSwitch as ah,
  RangeControl as ai,
  ThresholdControl as aj,
  StepControl as ak,
  NoRuns as al,
  Failure as am,
  NONFINITE as an,
  table as ao,
  interpolateCividis as ap,
  interpolateMagma as aq,
  niceUp as ar,
  densest as as,
  FONT as at,
  NumberField as au,
  allSteps as av,
  Ramp as aw,
  tick as ax,
  useAnswer as ay,
  useAnswers as az,
  brushed as b,
  toPixel as c,
  d$1 as d,
  colourOf as e,
  prepare as f,
  palette as g,
  h$2 as h,
  gridSpans as i,
  hatchTile as j,
  dotTile as k,
  dashTile as l,
  ink as m,
  gridPixels as n,
  cellStep as o,
  parentOf as p,
  quantity as q,
  stepTicks as r,
  statisticName as s,
  start,
  toCsv as t,
  useStore as u,
  toStep as v,
  loggedSteps as w,
  nearest as x,
  cellPixels as y,
  zoomedBy as z
};
